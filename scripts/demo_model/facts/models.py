"""Getting, listing and limiting models."""

from demo_model.facts.fact import fact

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
