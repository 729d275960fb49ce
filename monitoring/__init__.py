"""What watches the system: the files that Prometheus, the Collector and Grafana read, and the script behind them."""
