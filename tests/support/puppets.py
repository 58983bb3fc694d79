# SPDX-License-Identifier: Apache-2.0
"""A configuration for the puppets of daemon/puppets.c."""


class Stage:
    """A configuration whose sources are puppets, and the files that are gates: "base" is ready once its own is open."""

    def __init__(self, directory):
        self.directory = directory
        self.config = directory / "rosterd.conf"

    def gate(self, name):
        return self.directory / f"{name}.gate"

    def open(self, name):
        self.gate(name).touch()

    def set(self, *names, **gates):
        """The puppets there are; gates: another file than the usual one for some of them."""
        sources = " ".join(f'{name}: {{ type: "ldif"; file: "{self.gate(gates.get(name, name))}" }}' for name in names)
        self.config.write_text(f'version: 1\ndatabase: {{ conninfo: "dbname=none" }}\nsources: {{ {sources} }}\n')
