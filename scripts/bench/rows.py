"""The rows of the table of targets, in its order."""

from bench.bench import Row
from bench.rows_arrival import arrival
from bench.rows_fairness import fairness
from bench.rows_lookup import lookup
from bench.rows_prefix import prefix, restart
from bench.rows_sampling import logprobs, sampling, vocabulary
from bench.rows_structured import structured
from bench.rows_throughput import large, small

ROWS = {
    row.name: row
    for row in (
        Row("small", "5 M parameters: throughput of 1 to 200 clients", small, 6, 300),
        Row("large", "126 M parameters: throughput of 1 and 8 clients", large, 2, 420),
        Row("sampling", "every row its own sampling", sampling, 1, 160),
        Row("vocabulary", "a vocabulary of 151,936 tokens", vocabulary, 1, 900),
        Row("logprobs", "logprobs of the five likeliest tokens", logprobs, 1, 50),
        Row("structured", "every stream held to a schema of its own", structured, 2, 300),
        Row("prefix", "a shared prefix, warm against cold", prefix, 2, 400),
        Row("restart", "a shared prefix after a restart", restart, 2, 400),
        Row("arrival", "a long prompt arrives while others stream", arrival, 1, 300),
        Row("fairness", "turns of tenants and of background requests", fairness, 2, 300),
        Row("lookup", "prompt-lookup speculation", lookup, 1, 250),
    )
}
