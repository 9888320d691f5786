"""The document of one browser window: settings, client, figure, scripts. Wiring only."""

from html import escape

from bokeh.document import Document
from bokeh.io import curdoc
from bokeh.models import CustomJS
from bokeh.models.widgets.markups import Div
from bokeh.server.contexts import BokehSessionContext

from eegstore.client import Client
from eegstore.config import Settings, api_key, browser_url
from eegstore.errors import EegStoreError

from .link import Desk
from .marking import marking
from .modules import addresses, import_map
from .offers import offers
from .screen import screen
from .verbs import verbs

TIMEOUT = 10.0  # [s] for each part of an answer

_OPEN = """
export default (models) =>
  import(new URL("%s", document.baseURI)).then(({open}) => open(models))
"""


def host_of(document: Document) -> str:
    """The host under which the page was opened; "" when nobody has."""
    context = document.session_context
    request = context.request if isinstance(context, BokehSessionContext) else None
    return "" if request is None else str(request.headers.get("Host", ""))


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
    desk = Desk(
        document,
        {"api_url": browser_url(settings, host_of(document)), **offers()},
        verbs(client) | marking(client),
    )
    models = screen()
    models["figure"].tags = [desk.link]  # what no root holds is not kept in step
    document.add_root(models["figure"])
    scripts = addresses()
    document.template_variables.update(import_map=import_map(), modules=list(scripts.values()))
    app = next(address for plain, address in scripts.items() if plain.endswith("/app.js"))
    document.js_on_event(
        "document_ready", CustomJS(args={**models, "link": desk.link}, code=_OPEN % app)
    )
    # The page's script sees to it that a lost connection is told and found again.
    document.config.update(reconnect_session=False, notify_connection_status=False)

    def end() -> None:
        desk.close()
        client.close()

    document.on_session_destroyed(lambda _: end())


open_viewer(curdoc())
