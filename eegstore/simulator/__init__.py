"""A device that records and sends, made of a file or of a synthetic signal.

Acquisition and sending know nothing of each other but the durable buffer between them: what
is due is on disk before anything is sent, and stays there until the store has it. So the
store may be away for any time, and the device may be killed at any moment.

    from pathlib import Path

    from eegstore import Client
    from eegstore.device_buffer import DeviceBuffer
    from eegstore.simulator import EdfSource, Simulator

    with (
        EdfSource("chb01_03.edf", "chb01") as source,
        Client() as client,
        DeviceBuffer(Path("device.db")) as buffer,
    ):
        print(Simulator(source, client, buffer=buffer, speed=10).run())
"""

from eegstore.simulator.device import Report, Simulator
from eegstore.simulator.sources import EdfSource, Source, SyntheticSource

__all__ = ["EdfSource", "Report", "Simulator", "Source", "SyntheticSource"]
