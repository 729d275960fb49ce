-- Gives each service its own database and role, with the password of the environment. Runs at every start: what is there
-- stays, only the passwords are set anew.
-- Nobody but the superuser has anything to do in the server's own databases.
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;

\getenv password USERS_DB_PASSWORD
\set service users
\ir service.sql

\getenv password INVENTORY_DB_PASSWORD
\set service inventory
\ir service.sql

\getenv password NOTIFICATIONS_DB_PASSWORD
\set service notifications
\ir service.sql

-- Sees the server's figures, and no service's data.
\getenv password POSTGRES_MONITORING_PASSWORD
SELECT 'CREATE ROLE monitoring LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'monitoring')
\gexec
ALTER ROLE monitoring PASSWORD :'password';
GRANT pg_monitor TO monitoring;
GRANT CONNECT ON DATABASE postgres TO monitoring;
