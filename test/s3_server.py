"""moto's S3 server on a free port of the loopback: `python s3_server.py`; prints the port, ends with its standard input.

S3 decides a conditional write in one step. moto looks first and writes then, in threads, so requests are handled one
at a time here. A request's body is read before its turn: a client that stalls in the middle holds up nobody else.
"""

import io
import logging
import os
import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


class OneAtATime:
    """A WSGI application that handles one request at a time."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH")
        body = environ["wsgi.input"].read(int(length)) if length else b""
        if length and len(body) < int(length):
            start_response("400 Bad Request", [("Content-Length", "0")])
            return [b""]
        environ["wsgi.input"] = io.BytesIO(body)
        with self._turn:
            return [b"".join(self._application(environ, start_response))]


def end_with_parent() -> None:
    """Returns never: the process ends when whoever started it closes the pipe, however that one dies."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serves until standard input ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = OneAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=end_with_parent, daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
