"""The usual metrics of a process, on macOS too, where prometheus_client's own collector has none."""

import resource
from collections.abc import Iterator

import psutil
from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


class ProcessCollector(Collector):
    """Reads this process's account at each scrape."""

    def __init__(self) -> None:
        self._process = psutil.Process()

    def collect(self) -> Iterator[Metric]:
        """`process_cpu_seconds_total` and so on, under the names that every Prometheus client uses."""
        process = self._process
        with process.oneshot():
            times, memory = process.cpu_times(), process.memory_info()
            started, descriptors = process.create_time(), process.num_fds()
        cpu_s = times.user + times.system
        yield CounterMetricFamily("process_cpu_seconds", "Processor time, user and system.", value=cpu_s)
        yield GaugeMetricFamily("process_start_time_seconds", "When it started (Unix time).", value=started)
        yield GaugeMetricFamily("process_resident_memory_bytes", "Resident memory.", value=memory.rss)
        yield GaugeMetricFamily("process_virtual_memory_bytes", "Virtual memory.", value=memory.vms)
        yield GaugeMetricFamily("process_open_fds", "Open file descriptors.", value=descriptors)
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = float("inf") if limit == resource.RLIM_INFINITY else limit
        yield GaugeMetricFamily("process_max_fds", "Most open file descriptors.", value=most)
