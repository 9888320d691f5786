"""The page that documents the API. Its scripts come from here, not from somebody's network: what
runs on a page of this service may read what its visitor may, and a hospital may have no way out.
"""

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)


def add_docs(app: FastAPI) -> None:
    """Serve ``/docs``, and beneath it what it needs."""
    static = StaticFiles(directory=str(files("fastapi_offline") / "static"))
    app.mount("/docs/static", static, name="docs")
    app.add_api_route("/docs", _page, include_in_schema=False)


async def _page() -> HTMLResponse:
    page = get_swagger_ui_html(
        openapi_url="openapi.json", title="eegstore API",
        swagger_js_url="docs/static/swagger-ui-bundle.js",
        swagger_css_url="docs/static/swagger-ui.css",
        swagger_favicon_url="docs/static/favicon.png",
    )  # fmt: skip
    page.headers["Content-Security-Policy"] = _POLICY
    return page
