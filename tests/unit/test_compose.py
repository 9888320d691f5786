"""docker-compose.yml against the rules of the Compose specification, without an engine."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
ENV_EXAMPLE = (ROOT / ".env.example").read_text()

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT, "minItems": 1}
DURATION = {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h))+$"}


def mapping(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """The schema of an object with these keys and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


SERVICE = mapping(
    {
        "image": TEXT,
        "build": TEXT,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "init": {"type": "boolean"},
        "cap_drop": TEXTS,
        "command": TEXTS,
        "environment": {"type": "object", "additionalProperties": TEXT},
        "ports": TEXTS,
        "volumes": TEXTS,
        "depends_on": {
            "type": "object",
            "additionalProperties": mapping(
                {
                    "condition": {
                        "enum": [
                            "service_started",
                            "service_healthy",
                            "service_completed_successfully",
                        ]
                    }
                },
                "condition",
            ),
        },
        "healthcheck": mapping(
            {
                "test": {
                    "type": "array",
                    "minItems": 2,
                    "prefixItems": [{"enum": ["CMD", "CMD-SHELL"]}],
                    "items": TEXT,
                },
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "retries": {"type": "integer", "minimum": 1},
            },
            "test",
        ),
    },
    "image",
    "healthcheck",
)
SCHEMA = mapping(
    {
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": {"type": "null"}},
    },
    "services",
)


def problems(text: str, env_example: str = ENV_EXAMPLE) -> list[str]:
    """What is wrong with a compose file, a line each."""
    compose = yaml.safe_load(text)
    found = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(SCHEMA).iter_errors(compose)
    ]
    if found:
        return found
    services = compose["services"]
    for name, service in services.items():
        found += [f"{name}: {line}" for line in service_problems(service, services)]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (ROOT / source).exists():
                    found.append(f"{name}: volume {source} does not exist")
            elif source not in compose.get("volumes", {}):
                found.append(f"{name}: volume {source} is not declared")
    used = re.findall(r"\$\{(\w+)(:\?[^}]+)?\}", text)
    found += [f"{name} has no :?message" for name, message in used if not message]
    declared = set(re.findall(r"^(\w+)=", env_example, re.MULTILINE))
    for name in sorted({name for name, _ in used} ^ declared):
        found.append(f"{name} stands in only one of docker-compose.yml and .env.example")
    return found


def service_problems(service: dict[str, Any], services: dict[str, Any]) -> list[str]:
    found = []
    if "build" not in service and not re.search(r":[0-9]", service["image"]):
        found.append(f"image {service['image']} names no version")
    if "build" in service and not (ROOT / service["build"] / "Dockerfile").is_file():
        found.append(f"no Dockerfile in {service['build']}")
    for port in service.get("ports", []):
        if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
            found.append(f"port {port} is not bound to 127.0.0.1")
    for other, wanted in service.get("depends_on", {}).items():
        if other not in services:
            found.append(f"depends on {other}, which is no service")
        elif wanted["condition"] != "service_healthy":
            found.append(f"does not wait until {other} is healthy")
    return found


def test_compose_file_is_sound() -> None:
    assert problems(COMPOSE) == []


def test_compose_file_has_the_three_services() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    assert list(services) == ["db", "api", "viewer"]
    assert services["db"]["image"] == "postgres:16-alpine"
    assert list(services["api"]["depends_on"]) == ["db"]
    assert list(services["viewer"]["depends_on"]) == ["api"]


@pytest.mark.parametrize(
    ("planted", "instead_of", "complaint"),
    [
        ("service_health\n", "service_healthy\n", "'service_health' is not one of"),
        ("service_started\n", "service_healthy\n", "does not wait until db is healthy"),
        ("    helthcheck:", "    healthcheck:", "'helthcheck' was unexpected"),
        ("interval: 5\n", "interval: 5s\n", "5 is not of type 'string'"),
        ("postgres:latest", "postgres:16-alpine", "names no version"),
        ("- data2:/data", "- data:/data", "volume data2 is not declared"),
        ("./scripts/db-start:", "./scripts/db-init:", "does not exist"),
        ('"0.0.0.0:8765:8765"', '"127.0.0.1:8765:8765"', "not bound to 127.0.0.1"),
        ('"8765:8765"', '"127.0.0.1:8765:8765"', "not bound to 127.0.0.1"),
        ("      dbase:\n        condition", "      db:\n        condition", "is no service"),
        ("${EEGSTORE_API_KEY}", "${EEGSTORE_API_KEY:?see .env.example}", "has no :?message"),
        ("${EEGSTORE_KEY:?", "${EEGSTORE_API_KEY:?", "EEGSTORE_KEY stands in only one"),
    ],
)
def test_planted_errors_are_found(planted: str, instead_of: str, complaint: str) -> None:
    assert instead_of in COMPOSE
    found = problems(COMPOSE.replace(instead_of, planted, 1))
    assert any(complaint in line for line in found), found


@pytest.mark.parametrize("service", ["api", "viewer"])
def test_commands_exist_in_the_program(
    service: str, unknown_words: Callable[[Sequence[str]], list[str]]
) -> None:
    program, *words = yaml.safe_load(COMPOSE)["services"][service]["command"]
    assert program == "eegstore"
    assert unknown_words(words) == []
    assert unknown_words([*words, "--hostt"]) == ["--hostt"]


def test_container_ports_are_those_the_commands_listen_on() -> None:
    for name in ("api", "viewer"):
        service = yaml.safe_load(COMPOSE)["services"][name]
        command = service["command"]
        port = command[command.index("--port") + 1]
        assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
        assert f"127.0.0.1:{port}/" in service["healthcheck"]["test"][-1]


def test_environment_names_settings() -> None:
    from eegstore.config import Settings

    for name in ("api", "viewer"):
        for variable in yaml.safe_load(COMPOSE)["services"][name]["environment"]:
            assert variable.removeprefix("EEGSTORE_").lower() in Settings.model_fields


def test_docker_compose_accepts_it() -> None:
    """Docker's own opinion, which needs its program but no engine."""
    for program in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(program[0])
            and subprocess.run([*program, "version"], capture_output=True).returncode == 0
        ):
            break
    else:
        pytest.skip("neither `docker compose` nor docker-compose is installed")
    variables = {name: "x" for name in re.findall(r"^(\w+)=", ENV_EXAMPLE, re.MULTILINE)}
    config = [*program, "-f", str(ROOT / "docker-compose.yml"), "config", "-q"]
    done = subprocess.run(config, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    variables["EEGSTORE_API_KEY"] = ""
    done = subprocess.run(config, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "EEGSTORE_API_KEY" in done.stderr
