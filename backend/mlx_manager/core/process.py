"""What a serving process asks of the operating system when it starts."""

import logging
import resource

logger = logging.getLogger(__name__)

_WANTED_DESCRIPTORS = 65_536


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files as far as the hard limit lets us, and return it.

    macOS starts a process with 256, which a hundred streaming clients exhaust.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = _WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _WANTED_DESCRIPTORS)
    # macOS reports an infinite hard limit and refuses more than kern.maxfilesperproc, so step down.
    while soft == resource.RLIM_INFINITY or target > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (ValueError, OSError):
            target //= 2
            if target < 256:
                break
        else:
            return target
    return soft
