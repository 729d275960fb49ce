-- One service's role and database, both named :service. CREATE DATABASE knows no IF NOT EXISTS, hence \gexec.
SELECT format('CREATE ROLE %I LOGIN', :'service')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service')
\gexec
ALTER ROLE :"service" PASSWORD :'password';

SELECT format('CREATE DATABASE %I OWNER %I', :'service', :'service')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service')
\gexec
REVOKE CONNECT, TEMPORARY ON DATABASE :"service" FROM PUBLIC;
