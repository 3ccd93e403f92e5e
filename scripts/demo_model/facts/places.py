"""Ports, folders and files."""

from demo_model.facts.fact import fact

PLACES = (
    fact(
        "the ports",
        "The inference server uses port 8000 and the manager uses port 8080.",
        "{which|what} {port|ports} {does it use|do you use|is used|are used|does MLX Manager use|are there}",
        "{which|what} {port|address} {is|has} {the server|the inference server|the API|the OpenAI API}",
        "{on|at} {which|what} port {is|runs|listens} {the server|the API|the inference server|it}",
        "what {is|runs|listens} on port {8000|8080}",
        "{what is|tell me} the {port|port number} {of|for} {the server|the manager|the API"
        "|the inference server}",
        "{ports|the ports|which ports}",
        "where does {the server|the API} listen",
    ),
    fact(
        "the web UI",
        "The web UI is the manager on port 8080. Open http://127.0.0.1:8080 in a browser.",
        "{where is|what is|which is|how do I open|how do I reach|show me} "
        "{the web UI|the UI|the manager|the web page|the interface|the dashboard"
        "|the user interface|the website}",
        "{is there|does it have|do you have} {a web UI|a UI|a web page|an interface|a GUI"
        "|a web interface|a dashboard}",
        "{which|what} {port|address|URL} {is|has} {the web UI|the UI|the manager|the dashboard|the GUI}",
        "<how> {open|see|use|reach|visit|get to} {the web UI|the UI|the manager|the dashboard|the GUI}",
        "<how> {chat|talk|see it|use it} in {a browser|my browser|the browser}",
        "what {does the manager do|is the manager|can I do in the browser}",
    ),
    fact(
        "changing the port",
        "Set `MLX_SERVER_PORT`, for example `MLX_SERVER_PORT=9000 make run`.",
        "<how> {change|set|choose|pick|use|move|alter} {the port|another port|a different port"
        "|the server's port}",
        "<how> {run|start|serve|listen} {it|the server|} on {another port|a different port"
        "|port 9000|port 9001|port 80}",
        "<can> {change|choose|use|set} {the port|another port|a different port|port 9000}",
        "{port 8000|the port|my port} is {in use|used|busy|not free|blocked|occupied}",
        "{address already in use|the address is in use|port conflict|the port is taken}",
        "what {is|does} MLX_SERVER_PORT {do|for|}",
        "<command> {change|set} the port",
    ),
    fact(
        "the home folder",
        "The home is `~/.mlx-manager`. Set `MLX_MANAGER_HOME` to move it.",
        "<where> {its files|the home|the home folder|the settings|the data|the home directory"
        "|its data|my settings}",
        "where {are|is} {the files|everything|the data|the home folder|its data} {stored|kept|saved|}",
        "<how> {move|change|set|relocate} {the home|the home folder|the data folder"
        "|the home directory|its folder}",
        "<can> {move|change|choose|relocate} {the home|the home folder|the data folder|where files are kept}",
        "what is {in |}{`~/.mlx-manager`|~/.mlx-manager|.mlx-manager|MLX_MANAGER_HOME}",
        "{put|store} {the home|its files|the data} {in another folder|elsewhere|on another disk}",
    ),
    fact(
        "the database",
        "The database is `~/.mlx-manager/mlx-manager.db`.",
        "<where> the {database|database file|db|SQLite file|SQLite database|tables}",
        "where is the {database|db|SQLite file} {stored|kept|saved|}",
        "{which|what} {database|db} {does it use|is used|does MLX Manager use|do you use}",
        "<how> {back up|find|open|copy|see} the {database|db|SQLite file}",
        "{database|db} {path|file|location}",
        "what is mlx-manager.db",
    ),
    fact(
        "the logs",
        "The logs are in `~/.mlx-manager/logs`.",
        "<where> the {logs|log|log folder|error log|server logs|messages of the server|log directory}",
        "where are the {logs|errors|server logs} {stored|kept|written|saved|}",
        "<how> {read|see|open|find|look at|view|check} the {logs|log|error log|server logs|errors}",
        "{show me|I want to see} the {logs|log|errors}",
        "{something went wrong|there was an error|it failed|it crashed}, where {do I look"
        "|is the reason|can I look}",
        "{log|logs} {path|folder|location}",
    ),
)
