"""Where settings come from, which place wins, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpi.config import SETTINGS, Config, load_config
from mpi.errors import ConfigError


def test_without_anything_the_defaults_hold() -> None:
    assert load_config(env={}) == Config()


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mpi.toml"
    file.write_text('port = 1\nmodel = "latin"\nsources = ["a", "b"]\ncatchment = 5\n', encoding="utf-8")
    env = {"MPI_CONFIG": str(file), "MPI_PORT": "2", "MPI_CATCHMENT": "6", "HOME": "/"}
    config = load_config(env=env, overrides={"port": 3, "model": None})
    assert (config.port, config.catchment, config.model, config.sources) == (3, 6, "latin", ("a", "b"))
    assert load_config(file, env={}).port == 1


def test_text_becomes_what_the_setting_is() -> None:
    env = {
        "MPI_REFLECTION": "false",
        "MPI_DRAIN_SECONDS": "0.5",
        "MPI_SOURCES": "cqmu1, cqmu2,",
        "MPI_LOG_LEVEL": "DEBUG",
    }
    config = load_config(env=env)
    assert config.reflection is False
    assert config.drain_seconds == 0.5
    assert config.sources == ("cqmu1", "cqmu2")
    assert config.log_level == "DEBUG"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("port", "65536"),
        ("port", "tcp://10.0.0.1:50051"),
        ("queue_limit", "0"),
        ("queue_limit", "-1"),
        ("max_batch_records", "1001"),
        ("drain_seconds", "-0.1"),
        ("reflection", "perhaps"),
        ("log_level", "LOUD"),
        ("model", ""),
        ("colour", "red"),
    ],
)
def test_what_cannot_be_is_named_with_its_place(key: str, text: str) -> None:
    with pytest.raises(ConfigError, match=rf"MPI_{key.upper()} \(environment\)"):
        load_config(env={f"MPI_{key.upper()}": text})
    with pytest.raises(ConfigError, match=rf"{key} \(flag\)"):
        load_config(env={}, overrides={key: text})


def test_a_file_is_read_strictly(tmp_path: Path) -> None:
    file = tmp_path / "mpi.toml"
    for text, said in [
        ("prot = 1", r"prot \(config file\)"),
        ('sources = "a"', r"sources \(config file\)"),
        ("port = 1.5", r"port \(config file\)"),
        ("port = ", "cannot be read"),
    ]:
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=said):
            load_config(file, env={})
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "missing.toml", env={})


def test_an_address_of_the_newer_kind_is_written_with_brackets() -> None:
    assert Config(host="::1", port=7).address == "[::1]:7"
    assert Config(host="0.0.0.0", port=7).address == "0.0.0.0:7"


def test_settings_are_named_once() -> None:
    assert len(set(SETTINGS)) == len(SETTINGS) > 20
