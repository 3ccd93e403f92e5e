"""Programs that talk to the server, and the keys and endpoints they use."""

from demo_model.facts.fact import fact

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
