"""Starting, stopping, testing and installing; where it runs and what leaves the machine."""

from demo_model.facts.fact import fact

RUNNING = (
    fact(
        "starting",
        "Run `make run`. It starts the inference server on port 8000 and the manager on port 8080.",
        "<how> {start|run|launch|boot|fire up|use|bring up|begin with|turn on} <server>",
        "<command> {start|run|launch|boot|bring up|turn on|open} <server>",
        "<how> {get started|begin|start|start it|run it|launch it|get it running|set it in motion}",
        "<how> get {the server|it|MLX Manager|everything|both programs} {running|up|started|going"
        "|up and running}",
        "{start|run|launch} {the server|MLX Manager|it|everything}",
        "what {is|would be} the {first step|start command|launch command}",
        "{what starts|what launches|which target starts} {the manager|both programs|the two programs|it all}",
        "the server is {not running|down|off}, what do I do",
    ),
    fact(
        "stopping",
        "Press Ctrl-C in the terminal where the server runs.",
        "<how> {stop|quit|end|kill|exit|close|halt|shut down|terminate|switch off|turn off} {it|<server>}",
        "<command> {stop|quit|end|kill|close|halt|shut down|switch off} {it|<server>}",
        "{stop|quit|exit|shut down|end} {it|the server|MLX Manager|everything}",
        "what {stops|ends|quits|kills} {the server|it|MLX Manager}",
        "which {key|keys} {stop|stops|ends} {it|the server}",
        "I am {done|finished}, <how> {stop|close|quit} it",
    ),
    fact(
        "the tests",
        "Run `make test`.",
        "<how> {run|start|execute|try|do|launch} the {tests|test suite|unit tests|checks of the code}",
        "<command> {run|start|execute|do} {the tests|all tests|the test suite|the unit tests}",
        "<how> {test|verify|check} {MLX Manager|the code|my change|the project|everything|my changes}",
        "{run|start} the tests",
        "what {runs|starts} the {tests|test suite}",
        "{are there|where are} {tests|any tests|the tests}",
        "<how> {know|see|find out} {if|whether} {the tests pass|my change works|the code works}",
    ),
    fact(
        "setting up",
        "Run `make install`. It sets everything up and starts nothing.",
        "<how> {install|set up|prepare|build|deploy} {it|<server>|everything|the dependencies}",
        "<command> {install|set up|prepare} {it|<server>|everything|the dependencies}",
        "<how> {only|just} {install|set up} {it|MLX Manager} {without starting it|and not start it|}",
        "{install|set up} {it|MLX Manager|the project}",
        "what {installs|sets up} {it|MLX Manager|the dependencies|everything}",
        "{what is|what are} the {installation|set-up|setup|install steps|installation steps}",
    ),
    fact(
        "the make targets",
        "Run `make help`. It lists all the targets.",
        "{what|which} {targets|commands|make targets|make commands} {are there|exist|can I use|do you have}",
        "<how> {list|see|show|print|find} {the|all|all the} {targets|make targets|make commands}",
        "<command> {list|see|show|print} {the|all|all the} {targets|make targets|commands}",
        "{list|show} {the|all the} {targets|make targets|commands}",
        "what {else can make do|can I do with make|does make offer|is in the Makefile}",
        "<how> get {help with make|the help of make|a list of the targets|a list of commands}",
    ),
    fact(
        "Python",
        "MLX Manager needs Python 3.11 or newer.",
        "{which|what} {python|Python|version of Python|Python version|python version} "
        "{do I need|is needed|does it need|is required|must I install|does it run on|does MLX Manager need}",
        "{does it|will it|does MLX Manager} {run|work} {with|on} {Python 3.12|Python 3.10"
        "|Python 3.9|old Python}",
        "{is|are} {Python 3.10|Python 3.11|Python 3.12|my Python|Python 3.9} {enough|ok|fine"
        "|supported|too old}",
        "{do I need|must I have} {Python|python}",
        "what {is|are} the {requirements|minimum Python version|oldest Python|Python requirement}",
    ),
    fact(
        "the hardware",
        "MLX Manager runs on a Mac with Apple silicon or on a Linux machine.",
        "{what|which} {hardware|machine|computer|operating system|platform} "
        "{do I need|is needed|does it need|is supported|does it run on|is required}",
        "<does> {run|work} on {Linux|a Mac|my Mac|Windows|an Intel Mac|Apple silicon|a laptop"
        "|Ubuntu|an M1|an M3}",
        "{is|are} {Linux|Windows|a Mac|macOS|Apple silicon} {supported|needed|required|enough|ok}",
        "{do I need|must I have|does it need} {a Mac|a GPU|Apple silicon|a big computer|a graphics card}",
        "<can> {run|use|install} {it|MLX Manager} on {Linux|a Mac|my laptop|Windows|a server}",
        "where {does it run|can I run it|does MLX Manager work}",
    ),
    fact(
        "privacy",
        "Everything runs locally and nothing leaves your machine.",
        "{is|are} {it|this|MLX Manager|my data|my chats|my prompts|our conversation} {private|safe"
        "|secure|secret}",
        "{does it|do you|does MLX Manager|will it|does the server} "
        "{send|upload|share|leak|collect|sell|store|transmit} {my data|my prompts|data|my chats|anything} "
        "{to the cloud|to a company|somewhere|to anyone|to the internet|}",
        "{who|can anyone|can somebody|does anybody} {sees|see|read|reads} {my data|my prompts"
        "|my chats|what I write}",
        "{what about|tell me about|what is with} {privacy|my privacy|data protection|telemetry|my data}",
        "where {do|does} {my data|my prompts|my chats} go",
        "{is there|do you have|does it have} {telemetry|tracking|spyware}",
        "{does|do} {anything|my prompts|my chats|my words} {leave|get out of} {my machine|my Mac"
        "|the machine}",
    ),
    fact(
        "working offline",
        "Yes, it works offline. Only downloading a model needs the internet.",
        "<does> {work|run|function} {offline|without internet|without the internet"
        "|without a network|on a plane}",
        "{do I need|does it need|is there need for|must I have} "
        "{the internet|internet|a network|a connection|to be online|an internet connection}",
        "<can> {use|run} {it|you|MLX Manager} {offline|without internet|without a connection|on a plane}",
        "{is|are} {it|you|MLX Manager} {offline|online|local}",
    ),
)
