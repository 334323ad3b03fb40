"""Stand-in for the module of this name that the published archive leaves out; the suite needs only its external server."""


class ExternalService:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def open(self):
        pass

    def close(self):
        pass


class SpawnedService:
    """Servers of the suite's own are not used."""
