"""The document of one browser window: settings, client, session. Wiring only."""

from html import escape

from bokeh.document import Document
from bokeh.io import curdoc
from bokeh.models.widgets.markups import Div
from bokeh.server.contexts import BokehSessionContext

from eegstore.client import Client
from eegstore.config import Settings, api_key
from eegstore.errors import EegStoreError

from .pages import Pages
from .session import Asked, Session

TIMEOUT = 10.0  # [s] for each part of an answer


def asked(document: Document) -> Asked:
    """What stands in the URL: ?patient=&recording=&time="""
    context = document.session_context
    request = context.request if isinstance(context, BokehSessionContext) else None
    given = {} if request is None else request.arguments
    values = {name: given.get(name, [b""])[0].decode(errors="replace") for name in
              ("patient", "recording", "time")}  # fmt: skip
    return Asked(values["patient"], values["recording"], values["time"])


def open_viewer(document: Document) -> None:
    """Fill the document."""
    document.title = "eegstore"
    try:
        settings = Settings()
        client = Client(settings.api_url, api_key(settings), timeout=TIMEOUT)
    except (EegStoreError, ValueError) as error:
        words = f"The viewer cannot start. {escape(str(error))}"
        document.add_root(Div(name="notice", text=words, sizing_mode="stretch_width"))
        return
    pages = Pages(client, document)
    session = Session(document, pages, asked(document))
    roots = (
        session.words.title, session.words.foot, session.words.notice, session.controls.root,
        session.traces.root, session.strip.root, session.recordings.root, session.events.root,
    )  # fmt: skip
    for root in roots:
        document.add_root(root)
    session.controls.listen(document)
    document.on_session_destroyed(lambda _: pages.close())
    session.watch.look()


open_viewer(curdoc())
