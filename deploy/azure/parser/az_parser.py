"""Asks the parser of the real Azure CLI, without a login and so without any effect.

az_parser.py check < command lines, each a line of JSON, a list of arguments without "az"
    for each a line of JSON, [exit code, message]. 2: the parser refuses it. 1 with "az login": it is right.
az_parser.py table < commands, one a line
    for each a line of JSON, [command, options], and first the options that all of them have.
"""

import json
import os
import shutil
import sys
import tempfile
from unittest.mock import MagicMock

# A place of its own: whoever runs this may be signed in.
home = tempfile.mkdtemp()
os.environ.update(AZURE_CONFIG_DIR=home, AZURE_CORE_COLLECT_TELEMETRY="false", AZURE_CORE_NO_COLOR="true")
# Debian's ANTLR does not fit this grammar (of metric alerts, not used here), which then keeps out all of `az monitor`.
for part in ("Lexer", "Parser"):
    sys.modules["azure.cli.command_modules.monitor.grammar.metric_alert.MetricAlertCondition" + part] = MagicMock()

from azure.cli.core import get_default_cli

GLOBAL = [
    {"names": ["--debug"], "nargs": "0"},
    {"names": ["--help", "-h"], "nargs": "0"},
    {"names": ["--only-show-errors"], "nargs": "0"},
    {"names": ["--output", "-o"], "choices": ["json", "jsonc", "none", "table", "tsv", "yaml", "yamlc"]},
    {"names": ["--query"]},
    {"names": ["--subscription"]},
    {"names": ["--verbose"], "nargs": "0"},
]


def check(arguments):
    """Runs one command line in this process, with its outputs in a file."""
    with tempfile.TemporaryFile("w+") as output:
        kept = [os.dup(1), os.dup(2)]
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        try:
            code = get_default_cli().invoke(arguments)
        except SystemExit as stop:
            code = stop.code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            for descriptor in kept:
                os.close(descriptor)
        output.seek(0)
        return [code or 0, output.read()]


def describe(argument):
    settings = argument.type.settings
    names = [name if isinstance(name, str) else name.target for name in settings.get("options_list") or []]
    option = {"names": names or ["--" + argument.name.replace("_", "-")]}
    if settings.get("required"):
        option["required"] = True
    if settings.get("action") in ("store_true", "store_false"):
        option["nargs"] = "0"
    elif settings.get("nargs") in ("?", "*", "+"):
        option["nargs"] = settings["nargs"]
    if settings.get("choices"):
        option["choices"] = [str(choice) for choice in settings["choices"]]
    return option


def table(names):
    cli = get_default_cli()
    cli.invocation = cli.invocation_cls(
        cli_ctx=cli, commands_loader_cls=cli.commands_loader_cls, parser_cls=cli.parser_cls, help_cls=cli.help_cls
    )
    commands = cli.invocation.commands_loader
    commands.load_command_table(None)
    yield ["", GLOBAL]
    for name in names:
        cli.invocation.data["command_string"] = name
        commands.load_arguments(name)
        arguments = commands.command_table[name].arguments.values()
        options = [describe(argument) for argument in arguments if argument.name not in ("cmd", "_subscription")]
        yield [name, sorted(options, key=lambda option: option["names"])]


try:
    lines = sys.stdin.read().splitlines()
    answers = table(lines) if sys.argv[1] == "table" else (check(json.loads(line)) for line in lines)
    for answer in answers:
        print(json.dumps(answer), flush=True)
finally:
    shutil.rmtree(home, ignore_errors=True)
