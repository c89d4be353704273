"""As much of AWX as the modules of awx.awx talk to: objects, their links, and what it refuses of a survey."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Item = dict[str, Any]

TOKEN = "t0ken"
# The name of an object's type is its list's in the singular.
LISTS = (
    *("organizations", "execution_environments", "projects", "inventories", "inventory_sources", "credential_types"),
    *("credentials", "job_templates", "workflow_job_templates", "workflow_job_template_nodes"),
)
UNIFIED = ("projects", "job_templates", "workflow_job_templates", "workflow_approval_templates")
LINKS = {
    "organizations": ("galaxy_credentials",),
    "job_templates": ("credentials",),
    "workflow_job_template_nodes": ("success_nodes", "failure_nodes", "always_nodes"),
}
# AWX's question types, and what their default must be.
DEFAULTS = {"text": str, "textarea": str, "multiplechoice": str, "integer": int, "float": float}


class Refused(Exception):
    """An answer with status 400 or 404."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Controller:
    """The objects; `playbooks` are those that the project's repository has."""

    def __init__(self, playbooks: list[str]) -> None:
        self.playbooks = playbooks
        self.items: dict[str, list[Item]] = {name: [] for name in (*LISTS, "workflow_approval_templates")}
        self.surveys: dict[str, Item] = {}
        self.links: dict[str, list[int]] = {}
        self.secrets: list[str] = []
        self.writes = 0
        self._next = 100

    def add(self, kind: str, fields: Item) -> Item:
        self._next += 1
        url = f"/api/v2/{kind}/{self._next}/"
        singular = kind.removesuffix("ies") + "y" if kind.endswith("ies") else kind.removesuffix("s")
        item = {**fields, "id": self._next, "url": url, "type": singular, "summary_fields": {}, "scm_revision": "1"}
        item["related"] = {"survey_spec": f"{url}survey_spec/"}
        self.items[kind].append(item)
        return item

    def named(self, kind: str, name: str, field: str = "name") -> Item:
        (found,) = (item for item in self.items[kind] if item[field] == name)
        return found

    def survey(self, template: str) -> Item:
        return self.surveys[self.named("job_templates", template)["related"]["survey_spec"]]

    def linked(self, item: Item, link: str) -> list[int]:
        return self.links.get(f"{item['url']}{link}/", [])

    # -- requests

    def get(self, path: str, query: Item) -> Item:
        kind, number, rest = self._parts(path)
        if rest == "survey_spec":
            return self.surveys.get(path, {})
        if rest in LINKS.get(kind, ()):
            ids = self.links.get(path, [])
            return {"count": len(ids), "next": None, "results": [{"id": one} for one in ids]}
        if rest:
            raise Refused(404, f"no {path}")
        if number:
            return self._shown(self._item(kind, number))
        kinds = UNIFIED if kind == "unified_job_templates" else (kind,)
        found = [self._shown(item) for one in kinds for item in self.items[one] if matches(item, query)]
        return {"count": len(found), "next": None, "results": found}

    def post(self, path: str, data: Item) -> tuple[int, Item]:
        kind, number, rest = self._parts(path)
        self.writes += 1
        if rest == "survey_spec":
            check_survey(data)
            self.surveys[path] = data
            return 200, {}
        if rest in LINKS.get(kind, ()):
            ids = self.links.setdefault(path, [])
            (ids.remove if data.get("disassociate") else ids.append)(data["id"])
            return 204, {}
        if rest == "create_approval_template":
            made = self.add("workflow_approval_templates", {key: data[key] for key in ("name", "timeout")})
            node = self._item(kind, number)
            node["unified_job_template"] = made["id"]
            node["related"]["unified_job_template"] = made["url"]
            return 201, made
        if kind == "job_templates" and data["playbook"] not in self.playbooks:
            raise Refused(400, f"Playbook not found for project: {data['playbook']}")
        if kind == "credentials":
            self._check_credential(data)
        return 201, self._shown(self.add(kind, data))

    def patch(self, path: str, data: Item) -> Item:
        kind, number, _rest = self._parts(path.replace("/create_approval_template", ""))
        self.writes += 1
        item = self._item(kind, number)
        item.update({key: value for key, value in data.items() if key in item})
        return self._shown(item)

    # -- parts

    def _parts(self, path: str) -> tuple[str, int, str]:
        found = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/(?:(\w+)/)?)?", path)
        if found is None or found[1] not in (*self.items, "unified_job_templates"):
            raise Refused(404, f"no {path}")
        return found[1], int(found[2] or 0), found[3] or ""

    def _item(self, kind: str, number: int) -> Item:
        for item in self.items[kind]:
            if item["id"] == number:
                return item
        raise Refused(404, f"no {kind} {number}")

    def _shown(self, item: Item) -> Item:
        if item["type"] != "credential":
            return item
        return {**item, "inputs": dict.fromkeys(item["inputs"], "$encrypted$")}

    def _check_credential(self, data: Item) -> None:
        of = self._item("credential_types", data["credential_type"])
        known = {field["id"] for field in of["inputs"]["fields"]}
        if set(data["inputs"]) - known or not set(of["inputs"]["required"]) <= set(data["inputs"]):
            raise Refused(400, f"inputs: {sorted(data['inputs'])}, not {sorted(known)}")
        self.secrets += data["inputs"].values()


def matches(item: Item, query: Item) -> bool:
    """All of the fields, and one of those that begin with or__, if there are any."""
    same = {field: str(item.get(field.removeprefix("or__"))) == value for field, value in query.items()}
    either = [found for field, found in same.items() if field.startswith("or__")]
    return all(found for field, found in same.items() if not field.startswith("or__")) and (not either or any(either))


def check_survey(survey: Item) -> None:
    """Refuse what AWX refuses."""
    if not (isinstance(survey.get("name"), str) and isinstance(survey.get("description"), str) and survey.get("spec")):
        raise Refused(400, "a survey needs name, description and spec")
    seen = set()
    for question in survey["spec"]:
        variable = question.get("variable")
        if not variable or variable in seen or not question.get("question_name") or "required" not in question:
            raise Refused(400, f"{variable}: a question needs question_name, required, and a variable of its own")
        seen.add(variable)
        kind = question.get("type")
        if kind not in DEFAULTS or not isinstance(question["required"], bool):
            raise Refused(400, f"{variable}: type is {kind}, required {question['required']}")
        if "default" in question and not isinstance(question["default"], DEFAULTS[kind]):
            raise Refused(400, f"{variable}: a default of type {kind} was expected, not {question['default']!r}")
        if kind == "multiplechoice" and question.get("default", question["choices"][0]) not in question["choices"]:
            raise Refused(400, f"{variable}: the default is no choice")
        if any(not isinstance(question.get(limit, 0), int) for limit in ("min", "max")):
            raise Refused(400, f"{variable}: min and max are whole numbers")


@contextmanager
def serving(controller: Controller) -> Iterator[str]:
    """The address at which it answers."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            address = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            data = json.loads(self.rfile.read(length) or b"{}")
            try:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise Refused(401, "who are you?")
                if self.command == "GET":
                    status, body = 200, controller.get(address.path, dict(parse_qsl(address.query)))
                elif self.command == "POST":
                    status, body = controller.post(address.path, data)
                else:
                    status, body = 200, controller.patch(address.path, data)
            except Refused as error:
                status, body = error.status, {"error": str(error), "__all__": [str(error)]}
            text = b"" if status == 204 else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, *_words: object) -> None:
            """Nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
