# SPDX-License-Identifier: Apache-2.0
"""Certificate authorities for tests, made with openssl."""

import os
import subprocess

SECONDS = 30
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Certificates:
    """An authority and what it signs, as PEM files of a directory."""

    def __init__(self, directory, authority):
        self.directory = directory
        self.authority = authority
        self.run("req", "-x509", *CURVE, "-days", "2", "-subj", "/CN=" + authority, "-keyout", self.path(authority + ".key"),
                 "-out", self.path(authority))

    def run(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=SECONDS)

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def sign(self, name, *alternatives, days=2):
        """Makes NAME.key, and NAME, its certificate with these subjectAltName entries, such as "DNS:vault.internal"."""
        extensions = self.write(name + ".ext", "subjectAltName=%s\n" % ",".join(alternatives))
        self.run("req", *CURVE, "-subj", "/CN=" + name, "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"))
        self.run("x509", "-req", "-days", str(days), "-in", self.path(name + ".csr"), "-extfile", extensions,
                 "-CA", self.path(self.authority), "-CAkey", self.path(self.authority + ".key"), "-CAcreateserial",
                 "-out", self.path(name))
        os.chmod(self.path(name + ".key"), 0o600)

    def replace(self, name, by):
        """Puts another certificate and its key in the place of one, as tools that renew certificates do."""
        for end in (".key", ""):
            os.rename(self.path(by + end), self.path(name + end))

    def revoke(self, name, folder):
        """Puts the authority's list of revoked certificates, with NAME's, into a folder under its hashed name."""
        config = self.write("ca.conf", "\n".join((
            "[ca]", "default_ca = ours", "[ours]", "database = " + self.write("index.txt", ""),
            "crlnumber = " + self.write("crlnumber", "01\n"), "default_md = sha256", "default_crl_days = 2", "")))
        keys = ("-config", config, "-cert", self.path(self.authority), "-keyfile", self.path(self.authority + ".key"))
        self.run("ca", *keys, "-revoke", self.path(name))
        self.run("ca", *keys, "-gencrl", "-out", os.path.join(folder, "list.pem"))
        self.run("rehash", folder)
