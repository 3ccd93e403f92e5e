"""What the demo model knows about MLX Manager: one answer a fact, and the many ways to ask for it."""

from dataclasses import dataclass

PARAMETERS = "2.2 million"


@dataclass(frozen=True, slots=True)
class Fact:
    """`topic` completes "This is about …", the model's thought when it is asked to think."""

    topic: str
    answer: str
    questions: tuple[str, ...]


def fact(topic: str, answer: str, *questions: str) -> Fact:
    return Fact(topic, answer, questions)


IDENTITY = (
    fact(
        "MLX Manager",
        "MLX Manager is two programs: an inference server on port 8000 that runs MLX models behind"
        " OpenAI- and "
        "Anthropic-compatible APIs, and a manager with a web UI on port 8080.",
        "what is {MLX Manager|this program|this software|this|mlx-manager|this project|this tool}",
        "{tell me about|explain|describe|introduce|say something about} {MLX Manager|this program"
        "|this project}",
        "what {does|can} {MLX Manager|this program|this software} {do|do for me}",
        "what is {MLX Manager|it|this} {for|good for|made for|used for|about}",
        "what {are|is} the {parts|two programs|components|pieces} of MLX Manager",
        "why {would|should} I use MLX Manager",
        "{give me|write} {an overview|a summary|a short description} of {MLX Manager|this project}",
        "what {did I just install|am I running|is running here|does MLX Manager consist of}",
    ),
    fact(
        "the demo model",
        f"I am the demo model of MLX Manager, a tiny model of {PARAMETERS} parameters. My model id"
        f" is `demo`.",
        "who are you",
        "what are you",
        "{tell me about|introduce|describe|present} yourself",
        "{are you|is this} {a model|an AI|a robot|a human|a person|ChatGPT|Claude|Llama|a bot|real"
        "|a chatbot}",
        "what {model|kind of model|sort of model|AI|assistant} {are you|is this|am I talking to"
        "|do I talk to}",
        "who {am I talking to|is this|is there|do I talk to|is answering}",
        "what is {the demo model|demo|the model demo}",
        "what is {your|the} {model id|model name|id}",
        "{which|what} model {answers|is this|is running|is loaded|do you use}",
        "who {made|built|trained|wrote|created} you",
    ),
    fact(
        "my size",
        f"I have {PARAMETERS} parameters. That is tiny, so use a bigger model for real work.",
        "how {big|large|small|tiny} are you",
        "how many {parameters|weights} {do you have|are there in you|does the demo model have"
        "|has the demo model}",
        "what is {your|the demo model's} {size|parameter count|number of parameters}",
        "{are you|is the demo model} a {big|large|small|tiny} model",
        "{how big|what size} is {the demo model|this model|your brain}",
    ),
    fact(
        "what I can do",
        "I can answer questions about MLX Manager, greet you, do small sums and make tool calls. "
        "For real work use a bigger model.",
        "what can {you|the demo model|this model|I ask you|I ask|we talk about} {do|do for me|}",
        "what {are you able to do|are you good at|are your abilities|are your skills|do you know"
        "|are you for}",
        "{how can|what can|can} you help {me|us|}",
        "what {are your limits|can you not do|questions can you answer|is your job|is your purpose}",
        "{can|could} you {do sums|add numbers|call tools|use tools|make tool calls|calculate|do maths}",
        "{are you|is the demo model} {smart|clever|useful|any good|good enough for real work|intelligent}",
        "help",
        "i need {help|some help}",
        "what {should|could} I ask you",
    ),
    fact(
        "bigger models",
        "For real work download a bigger model from mlx-community on Hugging Face and serve it"
        " with MLX Manager.",
        "{how do I get|where do I get|I want|I need|give me|can I use|can I have} "
        "a {better|bigger|smarter|real|larger|proper|stronger} model",
        "which model {should I use|do you recommend|is better|is good} {for real work|instead|for coding|}",
        "you are {bad|stupid|dumb|useless|too small|wrong|not very clever|not good}",
        "{is there|are there} {a better model|better models|bigger models|a larger one} {than you|}",
        "what {do I use|should I use} for real work",
    ),
    fact(
        "MLX",
        "MLX is an array framework for machine learning on Apple silicon. MLX Manager runs models"
        " in its format.",
        "what is {MLX|mlx|an MLX model|the MLX format|the MLX framework}",
        "{explain|tell me about|describe} MLX",
        "what does MLX {mean|do}",
    ),
    fact(
        "the licence",
        "MLX Manager is free software under the MIT licence.",
        "{what|which} {is the licence|licence does it have|license does it use|is the license"
        "|licence is this}",
        "{what is|tell me|show me|name} the {licence|license} {of MLX Manager|of this|}",
        "{is|are} {MLX Manager|it|this|this software} {free|open source|open|free software|MIT"
        "|paid|proprietary}",
        "{may I|can I|am I allowed to} {use it at work|sell it|change the code|copy it|share it|modify it}",
        "what {does it cost|does MLX Manager cost|is the price|do I pay}",
        "how much {does it cost|does MLX Manager cost|do I pay|is it}",
        "under {which|what} {licence|license} is {it|MLX Manager|this|the code} {published|released|}",
    ),
)

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

MODELS = (
    fact(
        "getting a model",
        "Download one with `hf download mlx-community/MODEL --local-dir ~/models/MODEL`, then start with "
        "`MLX_SERVER_MODEL_DIRS='[\"~/models\"]' make run`.",
        "<how> {download|get|fetch|install|add|pull|load} {a model|another model|models|new models"
        "|one more model}",
        "<command> {download|get|fetch|install|add|pull} {a model|another model|models|a new model}",
        "<how> {use|run|serve|try|load} {a model of my own|my own model|another model|other models"
        "|a different model"
        "|my models|my own weights|a local model|Qwen|Llama|Mistral|Gemma}",
        "{download|get|add|install} {a model|another model|Qwen|Llama|a new model}",
        "<can> {use|run|serve|load|add} {my own model|another model|other models|a different model"
        "|my models}",
        "<how> {point|aim} {the server|it} {to|at} my {models|model folder|model directory}",
        "<how> {tell|show} {the server|it} where my models are",
        "{the server does not find|it does not see} my {models|model}",
        "<how> {switch to|change to|replace you with} {another model|a different model|my model}",
    ),
    fact(
        "the source of models",
        "Models come from Hugging Face. Look at mlx-community there for models in the MLX format.",
        "where do {the models|models|your models|MLX models|the weights} come from",
        "where {can|do} I {find|look for|search for|browse|see} {models|MLX models|more models|other models}",
        "{what|which} {site|web site|place|page|source} {has|offers|hosts} {models|MLX models|the models}",
        "what is {mlx-community|Hugging Face|huggingface}",
        "{which|what} models {can I use|can I run|are supported|work|exist|does it run|does it support}",
        "who {makes|publishes|hosts|converts} the {models|MLX models|weights}",
    ),
    fact(
        "listing the models",
        "Run `curl http://127.0.0.1:8000/v1/models`. It lists the models.",
        "<how> {list|see|show|print|get} {the|all|my|all the|the available|the installed} models",
        "<command> {list|see|show|print|get} {the|all|my|all the|the available} models",
        "{what|which} models {are there|do I have|are available|are installed|are on this server"
        "|do you have}",
        "{list|show|print|name} {the|all|my|the available|your} models",
        "<how> {know|find out|check} which models {are there|I have|are available|the server has}",
        "where is {the|a} {list of models|model list}",
    ),
    fact(
        "where models are stored",
        "Models are in the Hugging Face cache and in the folders named by `MLX_SERVER_MODEL_DIRS`.",
        "<where> {the models|my models|downloaded models|the weights|the model files}",
        "where are {the models|my models|the weights|models} {stored|kept|saved|on disk|put|located}",
        "{in which folder|in what directory|where on the disk} {are|does it store|does it keep} the models",
        "{where does|from where does} {the server|it} {look for|load|read|search for} {models|the models}",
        "what is `MLX_SERVER_MODEL_DIRS`",
        "what {does|is} MLX_SERVER_MODEL_DIRS {do|for|mean}",
    ),
    fact(
        "the number of models",
        "Set `MLX_SERVER_MAX_MODELS`. It says how many models may be loaded at once.",
        "how many models {can|could|does} {it|the server|MLX Manager|I} {load|run|keep|hold|serve|have}",
        "<how> {limit|change|set|raise|lower|increase} the {number|count|maximum"
        "|maximum number} of {loaded |}models",
        "<how> {load|run|keep|serve} {more models|several models|two models|many models|three models}",
        "<can> {load|run|serve} {several|two|many|more than one|five} models {at once|together|}",
        "what {is|does} {the limit on models|MLX_SERVER_MAX_MODELS} {do|for|}",
        "{is there|what is} {a|the} {limit|maximum} {of|for|on} {models|loaded models|resident models}",
    ),
    fact(
        "the memory limit",
        "Set `MLX_SERVER_MAX_MEMORY_GB`, for example `MLX_SERVER_MAX_MEMORY_GB=16 make run`.",
        "<how> {limit|set|change|reduce|restrict|cap|raise|lower|control} "
        "{the memory|its memory|memory|the RAM|memory use|the memory limit|the memory usage}",
        "how much {memory|RAM} {does it use|does it need|may it use|can it use|does the server take|is used}",
        "{it|the server|MLX Manager} {uses|takes|needs|wants|eats} too much {memory|RAM}",
        "<how> {make it use|let it use|give it} {less|more} {memory|RAM}",
        "{is there|what is} {a|the} {memory limit|limit for memory|limit for RAM|maximum memory}",
        "{my machine|my Mac|the computer} {runs|is} out of memory",
        "what {is|does} MLX_SERVER_MAX_MEMORY_GB {do|for|}",
    ),
    fact(
        "the length of answers",
        "An answer has at most 4096 tokens by default. Change that with `MLX_SERVER_DEFAULT_MAX_TOKENS`.",
        "how {long|many tokens} {can|may|is|are} {an answer|the answer|answers|a reply"
        "|the output} {be|have|get|}",
        "{what is|how big is|how high is} {the|the default} {max tokens|maximum of tokens"
        "|token limit|max_tokens}",
        "<how> {change|set|raise|increase|lower} {the token limit|max tokens"
        "|the default max tokens|max_tokens}",
        "<how> {get|have|allow} {longer|shorter|long|short} {answers|replies|outputs|responses}",
        "{the answer|my answer|the reply|the output} {is|was} {cut|cut off|too short|truncated|too long}",
        "how many tokens {do I get|does it write|will it generate|are generated} {by default|at most|}",
        "what {is|does} MLX_SERVER_DEFAULT_MAX_TOKENS {do|for|}",
    ),
    fact(
        "worker processes",
        "Each model runs in its own worker process. A crash ends that model and not the server.",
        "what {happens|is} {if|when} {a model|the model|a worker|one model} {crashes|dies|fails"
        "|breaks|hangs}",
        "{what is|what are|explain|tell me about} {a worker|the workers|worker processes|the worker process}",
        "{can|does|will} {a crash|a bad model|one model|a broken model} "
        "{stop|kill|break|end|crash|take down} {the server|everything|other models|the rest}",
        "{how are|where do} {models|the models} {run|isolated|executed|separated}",
        "{does|do} {each model|every model|models} {have|get|run in} {a process|its own process|processes}",
        "{is|are} {it|the models|the server} {stable|robust|isolated|crash-proof}",
    ),
)

CLIENTS = (
    fact(
        "the OpenAI SDK",
        'Use `client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="local")` and `model="demo"`.',
        "<how> {use|connect|call|set up|configure|try} {the OpenAI SDK|the OpenAI client|the openai package"
        "|the OpenAI Python client|openai|OpenAI's library} {with it|with this server|here|}",
        "<how> {call|use|reach|talk to|connect to|query} {it|the server|you|the API|the model} "
        "{from|in|with} {Python|python|my code|my program|a script|my app|code}",
        "{what is|which is|tell me} the {base URL|base_url|base url|API URL|API address|address of the API}",
        "{give me|show me|write|I want} {a Python example|some Python|an example in Python"
        "|example code|code}",
        "<does> {work|function} with {the OpenAI SDK|OpenAI clients|openai|the openai package}",
        "which {model name|model id|base URL} {do I use|do I give|do I put} in {my code|the client|the SDK}",
    ),
    fact(
        "the compatible APIs",
        "Yes, the server speaks the OpenAI and the Anthropic API, so most clients work with it.",
        "{is|are} {it|the server|MLX Manager|the API} {compatible with|like} "
        "{OpenAI|Anthropic|the OpenAI API|the Anthropic API|OpenAI's API}",
        "<does> {speak|support|offer|understand|have} {the OpenAI API|the Anthropic API|OpenAI|Anthropic}",
        "{which|what} {API|APIs|protocols} does {it|the server|MLX Manager} {speak|support|offer|have}",
        "<can> use {my|other|any|existing} {clients|apps|tools|programs} with {it|the server}",
        "{is it|is the server} {OpenAI|Anthropic} compatible",
    ),
    fact(
        "Claude Code",
        "Start it with `ANTHROPIC_BASE_URL=http://127.0.0.1:8000 claude`.",
        "<how> {use|run|connect|start|set up|configure|try|launch} {Claude Code|claude|claude code} "
        "{with it|with MLX Manager|with this server|here|}",
        "<does> {work|run} with {Claude Code|claude|claude code}",
        "<can> {use|run|connect} {Claude Code|claude|claude code} {with it|with MLX Manager"
        "|with local models|}",
        "{what about|and|tell me about} {Claude Code|claude code}",
        "<command> {start|run|use|connect} {Claude Code|claude}",
        "{let|make} Claude Code {use|talk to} {this server|MLX Manager|a local model}",
        "{is|are} Claude Code {supported|usable|possible}",
        "what {is|do I set} ANTHROPIC_BASE_URL {for|to|}",
    ),
    fact(
        "API keys",
        "On your own machine no key is needed and any text will do. Once there are users, "
        "make one with `mlx-manager keys create NAME`.",
        "{do I need|must I have|is there|does it need|does the server want|do I have to have} "
        "{an API key|a key|API keys|a token|a password|an account|to log in}",
        "{what|which} {API key|key|api_key|password|token} {do I use|do I need|should I give"
        "|is needed|must I enter}",
        "<how> {create|make|get|add|generate|obtain} {an API key|a key|keys|a new key|API keys|a token}",
        "<command> {create|make|generate} {an API key|a key|keys|a new key}",
        "where {do I get|can I get|is|do I find} {an API key|a key|my key|the API key|my API key}",
        "{what about|tell me about|explain} {API keys|keys|authentication|security|passwords|users}",
        "{is|are} {a key|API keys|an API key|keys} {needed|required|necessary|free}",
        "how much {is|does} {a key|an API key} {cost|}",
        "<how> {protect|secure} {it|the server|the API}",
        "<how> {give|create} {a key for|access for|access to} {a friend|a user|my team|a colleague}",
    ),
    fact(
        "the endpoints",
        "The main endpoints are `/v1/chat/completions`, `/v1/completions` and `/v1/models`.",
        "{what|which} {endpoints|routes|URLs|paths|API endpoints} {are there|exist|does it have"
        "|can I call|do you have}",
        "{list|show|name|tell me} {the|all the|your} {endpoints|API endpoints|routes|API routes}",
        "{where|to which URL|to which endpoint} {do I send|do I post|should I send} {requests"
        "|chats|a request|a chat}",
        "{what is|which is} the {chat endpoint|completions endpoint|endpoint for chat"
        "|path for chat|route for chats}",
        "<does> {have|offer|support} {chat completions|completions|a chat endpoint}",
    ),
    fact(
        "streaming",
        'Send `"stream": true` in the request.',
        "<how> {stream|get streaming|turn on streaming|enable streaming|stream answers"
        "|use streaming|stream tokens}",
        "<can> {stream|get a stream|stream the answer|stream answers|see tokens as they come}",
        "<does> {stream|support streaming|do streaming|have streaming|stream tokens}",
        "<how> {get|see|receive|read} {tokens|the answer|words|the text} {one by one|as they come"
        "|token by token|live}",
        "{what about|tell me about|is there} streaming",
    ),
    fact(
        "health",
        "Ask `/health`, for example `curl http://127.0.0.1:8000/health`. `/ready` says if it is ready.",
        "<how> {check|test|know|see|find out} {if|whether|that} "
        "{the server|it} {is up|is alive|is healthy|runs|is running|works|is ok}",
        "{is|are} {the server|it} {up|alive|healthy|running|ready|ok}",
        "{what is|which is|where is} the {health endpoint|health check|readiness endpoint|ready endpoint}",
        "<how> {check|see|monitor|query} {the health|health|readiness|the status|the state} {of the server|}",
        "<how> {know|see|check|tell} {when|if|whether} {the server|it} is ready",
        "<does> have {a health check|a health endpoint|a readiness check}",
    ),
)

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

FACTS = IDENTITY + RUNNING + MODELS + CLIENTS + PLACES

UNKNOWN = "I am only the tiny demo model of MLX Manager and do not know that. A bigger model can help you."
