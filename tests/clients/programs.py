"""The command-line programs that are run. Each is set up by ``kiro-gateway setup`` where that knows it."""

from tests.clients.frameworks import FRAMEWORKS
from tests.clients.program import READ, Also, Program

COMMAND_LINES = (
    Program(
        id="claude-code",
        name="Claude Code",
        registry="npm",
        packages=("@anthropic-ai/claude-code@2.1.329",),
        api="messages",
        command=(
            *("claude", "-p", "$prompt", "--dangerously-skip-permissions"),
            *("--verbose", "--output-format", "stream-json", "--include-partial-messages"),
        ),
        tool=READ.format(tool="Bash", argument="command"),
        environment={
            "IS_SANDBOX": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": "5",
        },
        setup="claude-code",
        also=Also("/context", ("claude", "-p", "/context"), "/v1/messages/count_tokens"),
    ),
    Program(
        id="codex",
        name="Codex",
        registry="npm",
        packages=("@openai/codex@0.169.0",),
        api="responses",
        command=(
            *("codex", "exec", "--json", "--skip-git-repo-check"),
            *("--dangerously-bypass-approvals-and-sandbox", "$prompt"),
        ),
        tool=READ.format(tool="exec_command", argument="cmd"),
        files={
            ".codex/config.toml": "check_for_update_on_startup = false\n\n[analytics]\nenabled = false\n",
        },
        setup="codex",
        live=False,
    ),
    Program(
        id="opencode",
        name="opencode",
        registry="npm",
        packages=("opencode-ai@1.18.33",),
        api="messages",
        command=("opencode", "run", "--auto", "$prompt"),
        tool=READ.format(tool="bash", argument="command"),
        environment={
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_SHARE": "1",
        },
        setup="opencode",
        live=False,
    ),
    Program(
        id="continue",
        name="Continue",
        registry="npm",
        packages=("@continuedev/cli@1.5.47",),
        api="chat",
        command=("cn", "-p", "$prompt", "--auto", "--config", "$home/.continue/config.yaml"),
        tool=READ.format(tool="Bash", argument="command"),
        environment={"CONTINUE_TELEMETRY_ENABLED": "0"},
        setup="continue",
        live=False,
    ),
    Program(
        id="aider",
        name="aider",
        registry="pypi",
        packages=("aider-chat==0.86.2",),
        api="chat",
        command=(
            *("aider", "--message", "$prompt", "--no-git", "--yes-always", "--no-check-update", "--no-detect-urls"),
            *("--analytics-disable", "--no-show-model-warnings", "--no-show-release-notes", "--no-pretty"),
        ),
        tool="",
        setup="aider",
    ),
    Program(
        id="cline",
        name="Cline",
        registry="npm",
        packages=("cline@3.0.65",),
        api="chat",
        setup="cline",
        command=("cline", "--json", "$prompt"),
        tool=READ.format(tool="run_commands", argument="commands"),
    ),
    Program(
        id="qwen",
        name="Qwen Code",
        registry="npm",
        packages=("@qwen-code/qwen-code@0.24.4",),
        api="chat",
        command=(
            *("qwen", "--yolo", "--auth-type", "openai", "--output-format", "stream-json"),
            *("--include-partial-messages", "-p", "$prompt"),
        ),
        tool=READ.format(tool="run_shell_command", argument="command"),
        environment={"OPENAI_API_KEY": "$key", "OPENAI_BASE_URL": "$url/v1", "OPENAI_MODEL": "$model"},
        files={".qwen/settings.json": '{"privacy": {"usageStatisticsEnabled": false}}\n'},
    ),
)

PROGRAMS = (*COMMAND_LINES, *FRAMEWORKS)
