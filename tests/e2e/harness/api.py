"""Holdfast's HTTP API, as much of it as the tests use.

Every call is one connection and one request; a status outside the expected ones
raises with the answer's body.  Bodies are bytes in memory.
"""
import http.client
import json
import re
import urllib.parse

import contract

TIMEOUT_S = 60


class HttpError(AssertionError):
    def __init__(self, what, status, body):
        super().__init__(f"{what}: {status} {body[:500]!r}")
        self.status = status


class Api:
    def __init__(self, port, key):
        self.port, self.key = port, key

    def request(self, method, path, body=None, headers=None, expect=(200,)):
        """(status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body, {contract.KEY_HEADER: self.key, **(headers or {})})
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status not in expect:
            raise HttpError(f"{method} {path}", answer.status, data)
        return answer.status, answer.headers, data

    def json(self, method, path, body=None, expect=(200,)):
        encoded = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if encoded else {}
        return json.loads(self.request(method, path, encoded, headers, expect)[2])

    def create_filesystem(self, name, size_gb):
        return self.json("POST", contract.FILESYSTEMS, {"name": name, "sizeGB": size_gb}, (201,))

    def usage(self, filesystem):
        return self.json("GET", f"{contract.FILESYSTEMS}/{filesystem.id}/usage")

    # Files.

    @staticmethod
    def file_path(filesystem, path):
        return f"{contract.FILESYSTEMS}/{filesystem.id}/files/{urllib.parse.quote(path.lstrip('/'))}"

    def read(self, filesystem, path):
        return self.request("GET", self.file_path(filesystem, path))[2]

    def read_range(self, filesystem, path, first, last):
        """The bytes first..last, both included."""
        headers = {"Range": f"bytes={first}-{last}"}
        return self.request("GET", self.file_path(filesystem, path), headers=headers, expect=(206,))[2]

    def exists(self, filesystem, path):
        answer = self.request("GET", self.file_path(filesystem, path) + "?stat=true",
                              expect=(200, contract.NOT_FOUND))
        return answer[0] == 200

    def list(self, filesystem, path):
        """Entries by name, all pages of them."""
        base, found, more = self.file_path(filesystem, path) + "?list=true", {}, ""
        while True:
            page = self.json("GET", base + more)
            found.update({entry["name"]: entry for entry in page["entries"]})
            cursor = page.get(contract.LIST_CURSOR)
            if not cursor:
                return found
            more = "&cursor=" + urllib.parse.quote(cursor)

    def write(self, filesystem, path, data):
        return self.request("PUT", self.file_path(filesystem, path), data, expect=contract.PUT_STATUSES)[0]

    def delete(self, filesystem, path):
        self.request("DELETE", self.file_path(filesystem, path), expect=(204,))

    # Metrics.

    def metric(self, name, label=None):
        """The sum of a metric's samples, those with `label` where one is given."""
        text = self.request("GET", contract.METRICS)[2].decode()
        sample = re.compile(rf"^{re.escape(name)}(?:\{{([^}}]*)\}})?\s+(\S+)", re.M)
        values = [float(value) for labels, value in sample.findall(text)
                  if label is None or f'{label[0]}="{label[1]}"' in labels.split(",")]
        assert values or re.search(rf"^# TYPE {re.escape(name)} ", text, re.M), f"no metric {name}"
        return sum(values)

    def store_puts(self):
        return int(self.metric(contract.STORE_OPERATIONS, contract.STORE_PUT_LABEL))
