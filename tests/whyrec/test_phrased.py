"""A language model may put an answer into other words, and nothing it adds or fails at reaches anybody."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kg.errors import UsageError
from recommender.results.search import Answers
from recommender.search.question_answering.ask import Asker
from tests.recommender.search.test_ask import asker
from whyrec.answering.language_model import LanguageModel
from whyrec.answering.phrased import phrased

__all__ = ["asker"]
KEY = "sk-very-secret"
GOOD = "Calm Serum and Bright Serum contain Niacinamide."
Reply = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Shaped like OpenAI's: ``reply`` is how it answers, ``asked`` what came."""

    daemon_threads = True
    reply: Reply
    asked: list[tuple[str, str | None, str]]
    release: threading.Event


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        """Note what came, and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        self.server.reply(self)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), _Handler)
    made.asked, made.release = [], threading.Event()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.release.set()
    made.shutdown()
    thread.join()
    made.server_close()


def saying(content: str) -> Reply:
    """A good answer with some text."""
    return sending(200, json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}))


def sending(status: int, body: str, **headers: str) -> Reply:
    """Any answer."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body.encode())), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return reply


def model(server: Server, seconds: str = "60") -> LanguageModel:
    """The server as the environment names it."""
    url = f"http://127.0.0.1:{server.server_port}/v1/"
    told = {"WHYREC_LLM_URL": url, "WHYREC_LLM_MODEL": "tiny", "WHYREC_LLM_KEY": KEY, "WHYREC_LLM_TIMEOUT": seconds}
    return LanguageModel.of_environment(told)


def answered(asker: Asker, server: Server, reply: Reply, seconds: str = "60") -> Answers:
    """The answer to one question, put into words by the server."""
    server.reply = reply
    return phrased(asker.ask("Which serums contain niacinamide?"), model(server, seconds), asker.lexicon, None)


def test_it_is_given_the_plan_and_the_triples_alone(asker: Asker, server: Server) -> None:
    found = answered(asker, server, saying(GOOD))
    assert (found.phrased, found.notices) == (GOOD, [])
    path, authorization, body = server.asked[0]
    assert path == "/v1/chat/completions" and authorization == f"Bearer {KEY}"
    told = json.loads(body)["messages"][1]["content"]
    assert "Calm Serum | contains | Niacinamide" in told and "type Product" in told
    assert "Which serums" not in body and "Night Cream" not in told and "u1" not in told


@pytest.mark.parametrize(
    "text",
    [
        "Calm Serum contains Niacinamide, like Night Cream.",
        "Calm Serum contains Niacinamide and a fragrance.",
        "舒缓精华含烟酰胺，晚霜也含。",
        "Calm Serum was bought by u2.",
        "Calm Serum contains Niacinamide and costs 17 euros.",
        "Learn more in ALL ABOUT  acids!",
    ],
)
def test_what_names_anything_else_of_the_graph_is_refused(asker: Asker, server: Server, text: str) -> None:
    plain = asker.ask("Which serums contain niacinamide?")
    found = answered(asker, server, saying(text))
    assert found.phrased is None and "refused" in found.notices[0]
    assert found.model_copy(update={"notices": []}) == plain


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (sending(500, f"the key {KEY} is wrong"), "status 500"),
        (sending(302, "", Location="http://127.0.0.1:9/elsewhere"), "status 302"),
        (sending(200, "no json"), "holds no text"),
        (sending(200, '{"choices": []}'), "holds no text"),
        (saying("  "), "holds no text"),
        (saying("serum " * 2_000), "too much"),
    ],
)
def test_whatever_goes_wrong_the_plain_answer_is_told(asker: Asker, server: Server, reply: Reply, told: str) -> None:
    found = answered(asker, server, reply)
    assert found.phrased is None and told in found.notices[0] and KEY not in found.model_dump_json()


def test_it_is_not_waited_for(asker: Asker, server: Server) -> None:
    found = answered(asker, server, lambda _: server.release.wait() and None, seconds="0.2")
    assert found.phrased is None and "longer than 0.2 s" in found.notices[0]
    asked = model(server)
    server.shutdown()
    server.server_close()
    gone = phrased(asker.ask("Which serums contain niacinamide?"), asked, asker.lexicon, None)
    assert "cannot be reached" in gone.notices[0]


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "WHYREC_LLM_URL"),
        ({"WHYREC_LLM_URL": "http://localhost/v1"}, "WHYREC_LLM_MODEL"),
        ({"WHYREC_LLM_URL": "file:///etc/passwd", "WHYREC_LLM_MODEL": "m"}, "http://"),
        ({"WHYREC_LLM_URL": "http://example.org/v1", "WHYREC_LLM_MODEL": "m", "WHYREC_LLM_KEY": KEY}, "https"),
        ({"WHYREC_LLM_URL": "http://localhost", "WHYREC_LLM_MODEL": "m", "WHYREC_LLM_TIMEOUT": "soon"}, "seconds"),
    ],
)
def test_an_environment_that_names_none_safely_is_refused(environment: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        LanguageModel.of_environment(environment)
    assert KEY not in str(caught.value)
    assert KEY not in repr(LanguageModel("http://localhost", "m", KEY))
