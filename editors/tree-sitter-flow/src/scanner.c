// Tells apart what the pest grammar tells apart by looking ahead: words that mean something only where something follows
// them, names with a colon, the ends of numbers, and `{`. It remembers nothing between two tokens.
//
// The order is that of `externals` in `grammar.js`. Each rule is named after its namesake in `flow.pest`.

#include "tree_sitter/parser.h"

#include <string.h>

enum Token {
  LABEL, NUMBER, LONG_CHARS, BODY_OPEN,
  IF_STATEMENT, IF_VALUE, MATCH_STATEMENT, MATCH_VALUE,
  RACE, TRY, SPAWN, START, WITHIN, LOCK, LIMIT, STATE, GOTO, STEP, EMIT, CANCEL,
  SHIFT, RESTART, TAG, VIEW, ON, TRANSIENT,
  CACHE_NAME, UNTIL, AFTER, AT_TIME, EVENT_WORD, STATUS, STREAM, OP_TYPE, SUBSET, PRODUCED,
  OR_ENTRY, OF, CATCH_BLOCK, SERVICE_AT,
  BEHIND_RETURN,
  ERROR_SENTINEL,
};

// Longer than every word that has a meaning.
#define WORD 16

typedef struct {
  char text[WORD];
} Word;

// What stands behind a word.
typedef struct {
  // At once, without any blank.
  bool round;
  // The first thing on the same line.
  bool blank;
  int32_t on_line;
  Word next_on_line;
  // The first thing at all, comments left out.
  bool apart;
  int32_t anywhere;
  Word next;
} Behind;

static bool is_start(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }
static bool is_char(int32_t c) { return is_start(c) || is_digit(c); }
static bool is_space(int32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static Word read_word(TSLexer *lexer) {
  Word word = {{0}};
  unsigned length = 0;
  while (is_char(lexer->lookahead)) {
    if (length < WORD - 1) word.text[length] = (char)lexer->lookahead;
    length++;
    advance(lexer);
  }
  // A longer word is none of ours.
  if (length >= WORD) word.text[0] = 0;
  return word;
}

static bool is(const Word *word, const char *text) { return strcmp(word->text, text) == 0; }

static bool is_one_of(const Word *word, const char *const *texts) {
  for (; *texts; texts++) {
    if (is(word, *texts)) return true;
  }
  return false;
}

// `gap`: blanks and comments. Says whether there were any; a lone `/` ends the search, and is then what stands there.
static bool skip_gap(TSLexer *lexer, bool *lone_slash) {
  bool any = false;
  for (;;) {
    if (is_space(lexer->lookahead)) {
      any = true;
      advance(lexer);
    } else if (lexer->lookahead == '/') {
      advance(lexer);
      if (lexer->lookahead != '/') {
        *lone_slash = true;
        return any;
      }
      any = true;
      while (lexer->lookahead != '\n' && !lexer->eof(lexer)) advance(lexer);
    } else {
      return any;
    }
  }
}

static const char *const OPERATORS[] = {"and", "or", "in", "has", "matches", "as", NULL};
static const char *const LIMITS[] = {"within", "forever", "catch", NULL};

static Behind look_behind(TSLexer *lexer) {
  Behind behind = {0};
  behind.round = lexer->lookahead == '(';
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t') {
    behind.blank = true;
    advance(lexer);
  }
  behind.on_line = lexer->lookahead;
  if (is_start(lexer->lookahead)) {
    behind.anywhere = lexer->lookahead;
    behind.apart = true;
    behind.next_on_line = behind.next = read_word(lexer);
    return behind;
  }
  bool lone_slash = false;
  bool any = skip_gap(lexer, &lone_slash);
  behind.apart = behind.blank || any;
  behind.anywhere = lone_slash ? '/' : lexer->lookahead;
  if (!lone_slash && is_start(lexer->lookahead)) behind.next = read_word(lexer);
  return behind;
}

// `begins_more`: a word that is no operator, a text, a block or a number on the same line.
static bool begins_more(const Behind *behind) {
  if (is_start(behind->on_line)) return !is_one_of(&behind->next_on_line, OPERATORS);
  return behind->on_line == '"' || behind->on_line == '{' || is_digit(behind->on_line);
}

// A word or a number on the same line behind a blank.
static bool value_on_line(const Behind *behind) {
  if (!behind->blank) return false;
  if (is_start(behind->on_line)) return !is_one_of(&behind->next_on_line, OPERATORS);
  return is_digit(behind->on_line);
}

// Behind `or`: a word and a colon, so that the next entry begins.
static bool names_entry(TSLexer *lexer, const Behind *behind) {
  if (!behind->apart || !is_start(behind->anywhere)) return false;
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t') advance(lexer);
  return lexer->lookahead == ':';
}

// Behind `catch`: an error, perhaps its name, and a block. After a tail there is `->`.
static bool names_block(TSLexer *lexer, const Behind *behind) {
  bool lone_slash = false;
  if (!is_start(behind->anywhere)) return false;
  skip_gap(lexer, &lone_slash);
  if (!lone_slash && is_start(lexer->lookahead)) {
    Word as = read_word(lexer);
    if (!is(&as, "as")) return false;
    skip_gap(lexer, &lone_slash);
    if (lone_slash || !is_start(lexer->lookahead)) return false;
    read_word(lexer);
    skip_gap(lexer, &lone_slash);
  }
  return !lone_slash && lexer->lookahead == '{';
}

static const struct {
  const char *text;
  enum Token token;
} STATEMENTS[] = {
  {"race", RACE}, {"try", TRY}, {"spawn", SPAWN}, {"start", START}, {"within", WITHIN}, {"lock", LOCK}, {"limit", LIMIT},
  {"state", STATE}, {"goto", GOTO}, {"step", STEP}, {"emit", EMIT}, {"cancel", CANCEL}, {"shift", SHIFT},
  {"restart", RESTART}, {"tag", TAG}, {"view", VIEW}, {"on", ON}, {"transient", TRANSIENT},
};

static bool found(TSLexer *lexer, enum Token token) {
  lexer->result_symbol = (TSSymbol)token;
  return true;
}

// `free_word`: a word that begins a statement if something follows it.
static bool statement_word(TSLexer *lexer, const bool *valid, const Word *word, const Behind *behind, bool behind_return) {
  for (unsigned i = 0; i < sizeof STATEMENTS / sizeof *STATEMENTS; i++) {
    if (!is(word, STATEMENTS[i].text)) continue;
    enum Token token = STATEMENTS[i].token;
    bool value = token == SPAWN || token == START;
    bool block = (token == RACE || token == TRY || token == SPAWN) && behind->anywhere == '{';
    if (!valid[token] || (behind_return && !value)) return false;
    return (begins_more(behind) || block) && found(lexer, token);
  }
  return false;
}

// Words with one meaning each, and what must follow them.
static bool other_word(TSLexer *lexer, const bool *valid, const Word *word, const Behind *behind) {
  if (valid[CACHE_NAME] && is(word, "cache")) return behind->on_line != '{' && found(lexer, CACHE_NAME);
  if (valid[UNTIL] && is(word, "until")) return begins_more(behind) && found(lexer, UNTIL);
  if (valid[AFTER] && is(word, "after")) return begins_more(behind) && found(lexer, AFTER);
  if (valid[AT_TIME] && is(word, "at")) return begins_more(behind) && found(lexer, AT_TIME);
  if (valid[STATUS] && is(word, "status")) return value_on_line(behind) && found(lexer, STATUS);
  if (valid[OF] && is(word, "of")) return value_on_line(behind) && found(lexer, OF);
  if (valid[OP_TYPE] && is(word, "op")) return behind->on_line == '(' && found(lexer, OP_TYPE);
  if (valid[PRODUCED] && is(word, "produced")) return behind->round && found(lexer, PRODUCED);
  if (valid[EVENT_WORD] && is(word, "event")) {
    bool name = is_start(behind->on_line) && !is_one_of(&behind->next_on_line, OPERATORS) &&
                !is_one_of(&behind->next_on_line, LIMITS);
    return name && found(lexer, EVENT_WORD);
  }
  if (valid[STREAM] && is(word, "stream")) {
    bool type = behind->on_line == '[' || behind->on_line == '{' || (behind->blank && is_start(behind->on_line));
    return type && found(lexer, STREAM);
  }
  if (valid[SUBSET] && is(word, "subset")) return behind->blank && is(&behind->next_on_line, "of") && found(lexer, SUBSET);
  if (valid[OR_ENTRY] && is(word, "or")) return names_entry(lexer, behind) && found(lexer, OR_ENTRY);
  if (valid[CATCH_BLOCK] && is(word, "catch")) return names_block(lexer, behind) && found(lexer, CATCH_BLOCK);
  return false;
}

static bool scan_word(TSLexer *lexer, const bool *valid) {
  bool lost = valid[ERROR_SENTINEL];
  bool behind_return = valid[BEHIND_RETURN] && !lost;
  Word word = read_word(lexer);
  lexer->mark_end(lexer);
  Behind behind = look_behind(lexer);
  if (valid[SERVICE_AT] && !lost && is(&word, "at")) return found(lexer, SERVICE_AT);
  if (valid[LABEL] && !lost && behind.anywhere == ':') return found(lexer, LABEL);
  if (is(&word, "if")) {
    if (valid[IF_STATEMENT] && !behind_return) return found(lexer, IF_STATEMENT);
    return valid[IF_VALUE] && found(lexer, IF_VALUE);
  }
  if (is(&word, "match")) {
    if (valid[MATCH_STATEMENT] && !behind_return) return found(lexer, MATCH_STATEMENT);
    return valid[MATCH_VALUE] && found(lexer, MATCH_VALUE);
  }
  return statement_word(lexer, valid, &word, &behind, behind_return) || other_word(lexer, valid, &word, &behind);
}

static const char *const RATES[] = {"ms", "s", "m", "h", "d", NULL};

// `number`: `1_000`, `1.50`, `1h30m`, `64KiB`, `5xx`, `25%`, `100/s`.
static bool scan_number(TSLexer *lexer) {
  while (is_digit(lexer->lookahead) || lexer->lookahead == '_') advance(lexer);
  lexer->mark_end(lexer);
  lexer->result_symbol = NUMBER;
  if (lexer->lookahead == '.') {
    advance(lexer);
    if (!is_digit(lexer->lookahead)) return true;
  }
  while (is_char(lexer->lookahead)) advance(lexer);
  lexer->mark_end(lexer);
  if (lexer->lookahead == '%') {
    advance(lexer);
    if (!is_char(lexer->lookahead) && lexer->lookahead != '(') lexer->mark_end(lexer);
  } else if (lexer->lookahead == '/') {
    advance(lexer);
    Word unit = read_word(lexer);
    if (is_one_of(&unit, RATES)) lexer->mark_end(lexer);
  }
  return true;
}

// `counted`: `{3}` and `{1,3}`. Begins behind the brace.
static bool counted(TSLexer *lexer) {
  if (!is_digit(lexer->lookahead)) return false;
  while (is_digit(lexer->lookahead)) advance(lexer);
  if (lexer->lookahead == ',') advance(lexer);
  while (is_digit(lexer->lookahead)) advance(lexer);
  if (lexer->lookahead != '}') return false;
  advance(lexer);
  return true;
}

// `long_chars`: up to the closing quotes or a hole.
static bool scan_long_chars(TSLexer *lexer) {
  bool any = false;
  lexer->result_symbol = LONG_CHARS;
  while (!lexer->eof(lexer)) {
    lexer->mark_end(lexer);
    if (lexer->lookahead == '{') {
      advance(lexer);
      if (!counted(lexer)) return any;
    } else if (lexer->lookahead == '"') {
      // Three of them end it; fewer are characters.
      for (int quotes = 1;; quotes++) {
        advance(lexer);
        if (quotes == 3) return any;
        if (lexer->lookahead != '"') break;
      }
    } else {
      if (lexer->lookahead == '\\') advance(lexer);
      if (!lexer->eof(lexer)) advance(lexer);
    }
    any = true;
  }
  lexer->mark_end(lexer);
  return any;
}

// The `{` of a block where a record may stand too: `{ a: 1 }` and `{ a, b }` are records.
static bool scan_open(TSLexer *lexer) {
  advance(lexer);
  lexer->mark_end(lexer);
  bool lone_slash = false;
  skip_gap(lexer, &lone_slash);
  if (!lone_slash && is_start(lexer->lookahead)) {
    read_word(lexer);
    skip_gap(lexer, &lone_slash);
    if (!lone_slash && (lexer->lookahead == ':' || lexer->lookahead == ',')) return false;
  }
  return found(lexer, BODY_OPEN);
}

void *tree_sitter_flow_external_scanner_create(void) { return NULL; }
void tree_sitter_flow_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_flow_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_flow_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

bool tree_sitter_flow_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  bool lost = valid[ERROR_SENTINEL];
  if (valid[LONG_CHARS] && !lost) return scan_long_chars(lexer);
  while (is_space(lexer->lookahead)) lexer->advance(lexer, true);
  if (is_start(lexer->lookahead)) return scan_word(lexer, valid);
  if (valid[NUMBER] && is_digit(lexer->lookahead)) return scan_number(lexer);
  if (valid[BODY_OPEN] && !lost && lexer->lookahead == '{') return scan_open(lexer);
  return false;
}
