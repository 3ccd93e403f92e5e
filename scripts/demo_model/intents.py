"""What a user may want from a tool: the names such a tool has, its parameters and how one asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from demo_model import words

Draw = Callable[[Random], str | int]


@dataclass(frozen=True, slots=True)
class Intent:
    """`parameters` holds, per argument, its possible names and the pool of its values.

    In `asks`, {0} and {1} are the arguments. Names and descriptions vary so that the model must read them.
    """

    names: tuple[str, ...]
    descriptions: tuple[str, ...]
    parameters: tuple[tuple[tuple[str, ...], Draw], ...]
    asks: tuple[str, ...]


def intent(names: str, descriptions: str, asks: str, **parameters: Draw) -> Intent:
    """`city__place=draw` is one parameter that is called city or place."""
    return Intent(
        tuple(names.split()),
        tuple(descriptions.split("|")),
        tuple((tuple(key.split("__")), draw) for key, draw in parameters.items()),
        tuple(asks.split("|")),
    )


PLEASE = "{|||||please |Please |can you |could you |now |I want you to |you should }"

INTENTS = (
    intent(
        "get_weather weather current_weather weather_lookup fetch_weather get_forecast",
        "Get the weather|Get the weather in a city|Current weather of a place|Tell the weather of a city",
        "What is the weather in {0}?|How is the weather in {0}|weather in {0}|is it raining in {0}?"
        "|What's the weather in {0} today?|How warm is it in {0}?|weather {0} please"
        "|Do I need an umbrella in {0}?"
        "|tell me the weather of {0}|Is it sunny in {0}?",
        city__location__place__town=words.city,
    ),
    intent(
        "send_message message send_text text_person notify_person write_message",
        "Send a message|Send a message to a person|Write a message to somebody",
        "Send {0} the message {1}|Tell {0} {1}|Tell {0}: {1}|message {0}: {1}|Write to {0} that {1}"
        "|Send a message to {0} saying {1}|text {0} {1}|Let {0} know that {1}|tell {0} that {1}",
        to__person__recipient__name=words.name,
        text__message__body__content=words.sentence,
    ),
    intent(
        "send_email email send_mail mail write_email compose_email",
        "Send an e-mail|Send an email to an address|Write an e-mail",
        "Send an e-mail to {0} with subject {1}|Email {0} about {1}|mail {0} with the subject {1}"
        "|Write an email to {0}, subject {1}|send {0} an e-mail about {1}|email to {0}: {1}",
        to__address__recipient__email=words.email,
        subject__title__about__topic=words.title,
    ),
    intent(
        "search_files find_files grep file_search search_documents",
        "Search the files|Find text in files|Search in all files|Search files for a text",
        "Search the files for {0}|Find {0} in my files|search for the file {0}|Which files mention {0}?"
        "|look for {0} in the documents|search files: {0}|search my documents for {0}|find files about {0}",
        query__text__pattern__term=words.title,
    ),
    intent(
        "read_file open_file show_file cat load_file view_file",
        "Read a file|Show the content of a file|Open a file",
        "Read {0}|Read the file {0}|Open {0}|show me {0}|What is in {0}?|open the file {0}|print the file {0}"
        "|What does {0} say?",
        path__file__filename__file_path=words.path,
    ),
    intent(
        "delete_file remove_file rm erase_file",
        "Delete a file|Remove a file",
        "Delete {0}|Remove the file {0}|delete the file {0}|get rid of {0}|erase {0}",
        path__file__filename__target=words.path,
    ),
    intent(
        "write_file save_file create_file store_text",
        "Write a text to a file|Save a text in a file|Create a file with a text",
        "Write {1} to {0}|Save {1} in {0}|Create {0} with the text {1}|put {1} into the file {0}",
        path__file__filename=words.path,
        text__content__data=words.title,
    ),
    intent(
        "set_timer timer start_timer countdown",
        "Set a timer|Start a timer|Set a timer in minutes",
        "Set a timer for {0} minutes|start a timer of {0} minutes|timer {0} minutes|Wake me in {0} minutes"
        "|Remind me in {0} minutes|set a {0} minute timer",
        minutes__duration__time__length=words.number,
    ),
    intent(
        "set_alarm alarm wake_me",
        "Set an alarm|Set an alarm at a time",
        "Set an alarm for {0}|Wake me at {0}|alarm at {0}|set the alarm to {0}",
        time__at__clock=words.clock,
    ),
    intent(
        "convert_currency currency_convert exchange to_currency convert_money",
        "Convert money|Convert an amount to a currency|Exchange money",
        "Convert {0} to {1}|Convert {0} dollars to {1}|How much is {0} euros in {1}?|exchange {0} for {1}"
        "|Change {0} dollars into {1}|What is {0} in {1}?|{0} to {1}",
        amount__value__sum=words.number,
        currency__to__target=words.code,
    ),
    intent(
        "add_numbers add sum_numbers plus calculate_sum",
        "Add two numbers|Compute a sum|Sum of two numbers",
        "What is {0} + {1}?|Add {0} and {1}|{0} plus {1}|How much is {0} plus {1}?|{0} + {1}|sum {0} and {1}"
        "|What is {0} plus {1}?",
        a__x__first=words.number,
        b__y__second=words.number,
    ),
    intent(
        "multiply multiply_numbers product times",
        "Multiply two numbers|Product of two numbers",
        "What is {0} times {1}?|Multiply {0} by {1}|{0} * {1}|{0} times {1}|the product of {0} and {1}",
        a__x__first=words.number,
        b__y__second=words.number,
    ),
    intent(
        "create_event add_event new_event schedule calendar_add",
        "Create an event|Add an event to the calendar|Make a calendar entry",
        "Create an event {0} on {1}|Add {0} to my calendar on {1}|Schedule {0} for {1}|plan {0} on {1}"
        "|Create the event {0} on {1}|put {0} on {1} in the calendar|new event called {0} on {1}",
        title__name__event__subject=words.title,
        date__day__when=words.date,
    ),
    intent(
        "list_events get_events calendar events_on",
        "List the events of a day|Show the calendar of a day",
        "What is on my calendar on {0}?|Which events are on {0}?|show my events of {0}|Am I free on {0}?",
        date__day__when=words.date,
    ),
    intent(
        "translate translate_text translator to_language",
        "Translate a text|Translate text to a language|Translate words",
        "Translate {0} to {1}|Translate {0} into {1}|translate {0} in {1}"
        "|How do you say {0} in {1}?|What is {0} in {1}?",
        text__phrase__words=words.title,
        language__to__target=words.language,
    ),
    intent(
        "get_stock_price stock_price stock quote get_quote share_price",
        "Get the price of a stock|Price of a share|Current stock price",
        "What is the price of {0}?|Stock price of {0}|How much is {0} stock?|price of the stock {0}"
        "|What does {0} cost?|How much is a share of {0}?",
        symbol__ticker__stock=words.code,
    ),
    intent(
        "play_song play_music play song_player start_song",
        "Play a song|Play music|Start a song",
        "Play {0}|play the song {0}|I want to hear {0}|Start the song {0}|put on {0}",
        title__song__name__track=words.title,
    ),
    intent(
        "web_search search search_web google lookup",
        "Search the web|Look something up on the web",
        "Search the web for {0}|Look up {0}|google {0}|search {0} online|find {0} on the web|web search {0}",
        query__q__term__text=words.title,
    ),
    intent(
        "open_url fetch_page browse get_page visit",
        "Open a web page|Fetch a page|Load a web page",
        "Open {0}|Fetch {0}|visit {0}|load the page {0}|go to {0}|What is on {0}?",
        url__page__address__link=words.url,
    ),
    intent(
        "add_todo create_task add_task new_task todo_add",
        "Add a task|Add an entry to the to-do list|Create a task",
        "Add {0} to my tasks|Remind me to {0}|add the task {0}|new task: {0}|put {0} on my to-do list",
        task__title__text__item=words.title,
    ),
    intent(
        "book_flight find_flight search_flights flights",
        "Find a flight|Search flights between two cities|Book a flight",
        "Find a flight from {0} to {1}|Book a flight from {0} to {1}|fly from {0} to {1}|flights {0} to {1}",
        origin__from_city__start=words.city,
        destination__to_city__target=words.city,
    ),
    intent(
        "book_hotel find_hotel reserve_room hotel_search",
        "Book a hotel|Find a hotel in a city",
        "Book a hotel in {0} for {1} nights|Find a hotel in {0} for {1} nights|{1} nights in a hotel in {0}",
        city__place__location=words.city,
        nights__days__count=words.number,
    ),
    intent(
        "call_person phone dial make_call",
        "Call a person|Phone somebody",
        "Call {0}|Phone {0}|ring {0}|give {0} a call|I want to talk to {0}",
        name__person__contact__who=words.name,
    ),
    intent(
        "get_contact find_contact contact_info lookup_person",
        "Find a contact|Get the contact details of a person",
        "What is the phone number of {0}?|Find the contact {0}|Who is {0}?|contact details of {0}",
        name__person__who=words.name,
    ),
    intent(
        "set_temperature heating thermostat set_heating",
        "Set the temperature of a room|Heat a room",
        "Set the {0} to {1} degrees|heat the {0} to {1} degrees|Make the {0} {1} degrees"
        "|{1} degrees in the {0}",
        room__area__zone=words.word,
        degrees__temperature__value=words.number,
    ),
    intent(
        "turn_on switch_on light_on enable_device",
        "Turn a device on|Switch on a device",
        "Turn on the {0}|switch on the {0}|turn the {0} on|start the {0}|enable the {0}",
        device__name__target__thing=words.word,
    ),
    intent(
        "turn_off switch_off light_off disable_device",
        "Turn a device off|Switch off a device",
        "Turn off the {0}|switch off the {0}|turn the {0} off|disable the {0}",
        device__name__target__thing=words.word,
    ),
    intent(
        "order_food order_meal food_order",
        "Order food|Order a meal",
        "Order {1} portions of {0}|Order {1} {0}|I want {1} {0}|bring me {1} times {0}",
        dish__meal__item=words.word,
        count__quantity__number=words.number,
    ),
    intent(
        "run_command shell execute bash run_shell",
        "Run a command|Execute a shell command",
        "Run the command {0}|Run {0}|execute {0}|run {0} in the shell",
        command__cmd__line=words.title,
    ),
    intent(
        "get_user find_user user_info show_user",
        "Get a user|Show a user by number",
        "Show the user {0}|Who is user {0}?|get user {0}|find the user with number {0}",
        user_id__id__number=words.number,
    ),
    intent(
        "get_order order_status track_order find_order",
        "Get the status of an order|Track an order",
        "Where is my order {0}?|Track order {0}|status of order {0}|What about order {0}?",
        order_id__order__number=words.number,
    ),
    intent(
        "define_word dictionary define get_definition",
        "Define a word|Look a word up in the dictionary",
        "What does {0} mean?|Define {0}|definition of {0}|explain the word {0}|look up the word {0}",
        word__term__entry=words.word,
    ),
    intent(
        "get_time time_in current_time clock_of",
        "Get the time in a city|Current time of a place",
        "What time is it in {0}?|time in {0}|How late is it in {0}?|tell me the time in {0}",
        city__place__timezone__location=words.city,
    ),
    intent(
        "create_note save_note add_note note",
        "Save a note|Write a note",
        "Note: {0}|Take a note: {0}|Save the note {0}|write down {0}|Remember {0}",
        text__note__content=words.sentence,
    ),
    intent(
        "rename_file move_file mv rename",
        "Rename a file|Move a file",
        "Rename {0} to {1}|Move {0} to {1}|rename the file {0} to {1}|change the name of {0} to {1}",
        source__old__path=words.path,
        target__new__destination=words.path,
    ),
    intent(
        "get_population population people_in",
        "Get the population of a city|Count the people of a place",
        "How many people live in {0}?|What is the population of {0}?|population of {0}",
        city__place__town=words.city,
    ),
    intent(
        "set_volume volume change_volume",
        "Set the volume|Change the volume",
        "Set the volume to {0}|volume {0}|make the volume {0}|turn the volume to {0}",
        level__value__volume=words.number,
    ),
    intent(
        "pay send_money transfer_money transfer",
        "Send money|Pay a person|Transfer money to a person",
        "Pay {0} {1} euros|Send {1} euros to {0}|transfer {1} to {0}|give {0} {1} dollars",
        to__person__recipient=words.name,
        amount__sum__value=words.number,
    ),
    intent(
        "invite invite_person add_guest add_member",
        "Invite a person|Add a guest to an event",
        "Invite {0} to {1}|add {0} to {1}|ask {0} to come to {1}|invite {0} to the {1}",
        person__name__guest=words.name,
        event__meeting__group=words.title,
    ),
    intent(
        "get_recipe find_recipe recipe cook",
        "Find a recipe|Get the recipe of a dish",
        "How do I cook {0}?|Find a recipe for {0}|recipe for {0}|I want to cook {0}",
        dish__name__meal=words.title,
    ),
    intent(
        "query_database run_query count_rows",
        "Count the rows of a table|Query a table",
        "How many rows has {0}?|count the rows of {0}|query the table {0}|show the table {0}",
        table__name__source=words.word,
    ),
    intent(
        "plan_route navigate directions route_to",
        "Plan a route|Show the way to a place",
        "How do I get to {0}?|Navigate to {0}|the way to {0}|directions to {0}|take me to {0}",
        destination__to__place=words.city,
    ),
)
