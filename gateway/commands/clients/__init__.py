"""The client programs that ``kiro-gateway setup`` knows: one row each."""

from typing import Final

from gateway.commands.clients.client import Client
from gateway.commands.clients.json_file import JSON
from gateway.commands.clients.lines import TOML, YAML
from gateway.commands.clients.yaml_list import YamlList

CLIENTS: Final = (
    Client(
        name="claude-code",
        title="Claude Code",
        api="messages",
        variable="CLAUDE_CONFIG_DIR",
        folder=".claude",
        file="settings.json",
        format=JSON,
        settings={
            "env": {
                "ANTHROPIC_BASE_URL": "$url",
                "ANTHROPIC_AUTH_TOKEN": "$key",
                "ANTHROPIC_MODEL": "$model",
                "ANTHROPIC_SMALL_FAST_MODEL": "claude-haiku-4.5",
            }
        },
        start="claude",
    ),
    Client(
        name="codex",
        title="Codex",
        api="responses",
        variable="CODEX_HOME",
        folder=".codex",
        file="config.toml",
        format=TOML,
        settings={
            "model": "$model",
            "model_provider": "kiro",
            "model_providers": {
                "kiro": {
                    "name": "Kiro",
                    "base_url": "$url/v1",
                    "wire_api": "responses",
                    "experimental_bearer_token": "$key",
                }
            },
        },
        start="codex",
    ),
    Client(
        name="opencode",
        title="opencode",
        api="messages",
        variable="XDG_CONFIG_HOME",
        folder=".config",
        file="opencode/opencode.json",
        format=JSON,
        settings={
            "provider": {
                "kiro": {
                    "npm": "@ai-sdk/anthropic",
                    "name": "Kiro",
                    "options": {"baseURL": "$url/v1", "apiKey": "$key"},
                    "models": {"$model": {"name": "$model"}},
                }
            },
            "model": "kiro/$model",
        },
        start="opencode",
    ),
    Client(
        name="continue",
        title="Continue",
        api="chat",
        folder=".continue",
        file="config.yaml",
        format=YamlList("models", "name: kiro\nversion: 1.0.0\nschema: v1\n"),
        settings={
            "name": "Kiro",
            "provider": "openai",
            "model": "$model",
            "apiBase": "$url/v1",
            "apiKey": "$key",
        },
        start="cn, or the Continue panel of your editor",
    ),
    Client(
        name="aider",
        title="aider",
        api="chat",
        file=".aider.conf.yml",
        format=YAML,
        settings={"model": "openai/$model", "openai-api-base": "$url/v1", "openai-api-key": "$key"},
        start="aider",
    ),
    Client(
        name="cline",
        title="Cline",
        api="chat",
        folder=".cline",
        file="data/settings/providers.json",
        format=JSON,
        settings={
            "version": 1,
            "lastUsedProvider": "openai-compatible",
            "providers": {
                "openai-compatible": {
                    "settings": {
                        "provider": "openai-compatible",
                        "apiKey": "$key",
                        "model": "$model",
                        "baseUrl": "$url/v1",
                    },
                    "updatedAt": "2026-01-01T00:00:00.000Z",
                    "tokenSource": "manual",
                }
            },
        },
        start="cline; in the editor choose the provider OpenAI Compatible and enter the same values",
    ),
    Client(
        name="zed",
        title="Zed",
        api="chat",
        settings={
            "language_models": {
                "openai_compatible": {
                    "Kiro": {
                        "api_url": "$url/v1",
                        "available_models": ({"name": "$model", "display_name": "Kiro: $model", "max_tokens": 200000},),
                    }
                }
            }
        },
        start="merge this into Zed's settings (zed: open settings), and enter the key in its agent panel's settings",
    ),
)
