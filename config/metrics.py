"""The metrics of the configuration service."""

from prometheus_client import Counter, Gauge

BROKEN = Gauge("config_repository_broken", "1 while the newest commit has a file that cannot be read")
FETCHES = Counter("config_repository_fetches_total", "Fetches of the remote repository", ["outcome"])
READS = Counter("config_reads_total", "Configurations that were asked for", ["application", "outcome"])
COMMITS = Counter("config_commits_total", "Changes that were made here", ["kind"])
ANNOUNCED = Counter("config_announcements_total", "Commits that were announced to the services")
