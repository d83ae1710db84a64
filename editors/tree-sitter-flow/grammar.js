/**
 * @file The form of a `.flow` file, after `grammar/src/flow.pest` and `grammar/src/statement.pest`.
 *
 * Nodes have the names of the compiler's nodes. Words that are free elsewhere (`step`, `state`, `on`, ...) are told apart
 * by `src/scanner.c`, which looks at what follows them as the pest grammar does; so are the three meanings of `{`.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const commas = (rule) => seq(rule, repeat(seq(',', rule)));
const maybe_commas = (rule) => optional(seq(commas(rule), optional(',')));
/** Entries in braces: the comma after one may be absent. */
const braced = (...rules) => seq('{', repeat(seq(choice(...rules), optional(','))), '}');
const path = ($) => seq($.name, repeat(seq('.', $.name)));

/** Operands and operators in a row: their strength is settled by whoever asks for the tree of the program. */
const row = ($, between) => prec.right(choice(
  seq(repeat1($._sign), $._operand, repeat(between)),
  seq($._operand, repeat1(between)),
));

module.exports = grammar({
  name: 'flow',

  word: ($) => $._word,

  extras: ($) => [/[ \t\n\v\f\r\uFEFF]/, $.comment, $.doc_comment, $.module_comment],

  externals: ($) => [
    $._label, $._number, $._long_chars, $._body_open,
    $._if_statement, $._if_value, $._match_statement, $._match_value,
    $._race, $._try, $._spawn, $._start, $._within, $._lock, $._limit, $._state, $._goto, $._step, $._emit, $._cancel,
    $._shift, $._restart, $._tag, $._view, $._on, $._transient,
    $._cache_name, $._until, $._after, $._at_time, $._event_word, $._status, $._stream, $._op_type, $._subset, $._produced,
    $._or_entry, $._of, $._catch_block, $._service_at,
    // Never made: valid only behind `return`, where what follows is a value rather than a statement.
    $._behind_return,
    // Never made: valid only while the parser looks for a way out of an error.
    $._error_sentinel,
  ],

  conflicts: ($) => [
    // `(a) => a` and `(a)`.
    [$.name, $.reference],
    // `await a within 1s` is one statement, `await a` with `within 1s { }` behind it are two.
    [$.await], [$.plain_await],
    // `else {` belongs to what is before it, `else ->` is the next arm.
    [$.if], [$.within], [$.deadline],
  ],

  rules: {
    module: ($) => repeat($._item),

    _item: ($) => choice(
      $.flow, $.service, $.record_type, $.enumeration, $.error, $.event, $.policy, $.function, $.import, $.config, $.secret,
      $.gateway, $.access, $.mesh, $.schedule, $.migrate, $.test,
    ),

    import: ($) => seq('use', path($)),
    config: ($) => seq('config', field('name', $.name), ':', field('type', $.type), optional(seq('=', field('value', $._expression)))),
    secret: ($) => seq('secret', field('name', $.name)),
    record_type: ($) => seq('type', field('name', $.name), choice(field('body', $.fields), seq('=', field('type', $.type), optional($.rule)))),
    enumeration: ($) => seq('enum', field('name', $.name), braced($.case)),
    case: ($) => seq(field('name', $.name), optional($.params)),
    error: ($) => seq('error', field('name', $.name), optional($.params)),
    event: ($) => seq('event', field('name', $.name), optional($.params)),
    policy: ($) => seq('policy', field('name', $.name), field('body', $.settings)),
    function: ($) => seq('fn', field('name', $.name), $.params, '->', field('type', $.type), '=', field('body', $._expression)),
    flow: ($) => seq(
      'flow', field('name', $.name), $.params, optional(seq('->', field('type', $.type))),
      repeat(choice($.fails, $.key, $.trigger, $.produces)),
      field('body', alias($.flow_block, $.block)),
    ),
    fails: ($) => seq('fails', commas($.name)),
    key: ($) => seq('key', $._expression),
    trigger: ($) => seq('on', choice($.produced, seq($.name, optional($.rule)))),
    produced: ($) => seq(alias($._produced, 'produced'), '(', $._expression, ')'),
    produces: ($) => seq('produces', $._expression),

    fields: ($) => braced($.field),
    params: ($) => seq('(', maybe_commas($.field), ')'),
    field: ($) => seq(field('name', alias($._label, $.name)), ':', field('type', $.type), optional($.rule)),
    rule: ($) => seq('where', $._expression),
    settings: ($) => braced($.setting),
    setting: ($) => seq(field('name', alias($._label, $.name)), ':', field('value', $._expression)),

    // ---- Services -----------------------------------------------------------------------------------------------

    service: ($) => seq('service', field('name', $.name), optional($.from), braced($.operation, $.at, $.route, $.setting)),
    from: ($) => seq('from', $.text),
    at: ($) => seq(alias($._service_at, 'at'), optional(field('name', $.name)), ':', field('value', choice($.zones, $._expression))),
    zones: ($) => prec(1, braced($.zone)),
    zone: ($) => seq($.text, ':', $._expression),
    route: ($) => seq('route', '{', repeat($.route_rule), '}'),
    route_rule: ($) => seq(choice(seq('when', $._expression), 'else'), '->', commas($.split)),
    split: ($) => seq($.name, optional($.number)),
    operation: ($) => seq(
      'op', field('name', $.name), $.params, optional(seq('->', field('type', choice($.stream, $.type)))), optional($.fails),
      '=', $.binding, field('path', $.text), optional(field('body', $.operation_body)),
    ),
    stream: ($) => seq(alias($._stream, 'stream'), $.type),
    binding: ($) => $._word,
    operation_body: ($) => braced($.on_status, $.setting),
    on_status: ($) => seq('on', choice($.number, alias($._label, $.name)), ':', $._expression),

    // ---- The mesh, and when flows begin by themselves ---------------------------------------------------------------

    gateway: ($) => seq('gateway', field('name', $.name), braced($.gateway_route, $.setting)),
    gateway_route: ($) => seq(
      $.gateway_method, field('path', $.text), optional(seq('when', $._expression)), '->', field('target', $._expression),
      optional($.settings),
    ),
    gateway_method: ($) => $._word,
    access: ($) => seq(choice('allow', 'deny'), commas($.who), 'to', commas($.what), optional(seq('when', $._expression))),
    // `gateway` alone is a name like any other.
    who: ($) => choice(seq('gateway', $.name), $.text, path($), seq(alias('gateway', $.name), repeat(seq('.', $.name)))),
    what: ($) => seq($.name, repeat(seq('.', choice('*', $.name)))),
    mesh: ($) => seq('mesh', field('body', $.settings)),
    schedule: ($) => seq('schedule', field('name', $.name), '=', $._expression, '->', field('target', $._expression), optional($.settings)),
    migrate: ($) => seq('migrate', field('name', $.name), braced($.move_rule)),
    move_rule: ($) => seq($.text, '->', $.text),

    // ---- Tests ------------------------------------------------------------------------------------------------------

    test: ($) => seq('test', field('name', $.text), field('body', $.test_block)),
    test_block: ($) => seq('{', repeat($._test_statement), '}'),
    _test_statement: ($) => choice(
      $.expectation, $.mock, $.test_let, $.test_start, $.send, $.test_emit, $.advance, $.test_cancel, $.test_config, $.crash,
    ),
    mock: ($) => seq(
      'mock', $._expression, optional($.attempted), optional(seq('when', $._expression)), '->',
      $.mock_answer, repeat(seq(',', 'then', $.mock_answer)),
    ),
    attempted: ($) => 'attempted',
    mock_answer: ($) => seq(
      optional(seq(alias($._after, 'after'), $._expression)),
      choice($.answer_fail, $.answer_never, $.answer_status, $._expression),
      optional($.answer_times),
    ),
    answer_fail: ($) => seq('fail', $._expression),
    answer_never: ($) => 'never',
    answer_status: ($) => seq(alias($._status, 'status'), choice($.number, $.name), optional($.settings)),
    answer_times: ($) => choice('once', 'twice', seq($.number, 'times')),
    test_let: ($) => seq('let', field('name', $.name), '=', choice($.test_start, $.send, $._expression)),
    test_start: ($) => seq('start', $._expression),
    send: ($) => seq('send', $._expression, optional(seq('to', $._expression))),
    test_emit: ($) => seq('emit', $._expression),
    advance: ($) => seq('advance', $._expression),
    test_cancel: ($) => seq('cancel', $._expression),
    test_config: ($) => seq('config', field('name', $.name), '=', $._expression),
    crash: ($) => 'crash',
    expectation: ($) => seq(
      choice('expect', 'always'), $._expression,
      optional(choice(seq(optional($.attempted), $.count), $.spanned, $.expected)),
    ),
    count: ($) => choice('once', 'twice', 'never', seq(optional(seq('at', choice('least', 'most'))), $.number, 'times')),
    spanned: ($) => seq('spans', $.span_name, optional($.span_in), optional($.span_is), optional(choice($.count, $.span_before))),
    span_name: ($) => choice($.text, $.name),
    span_in: ($) => seq('in', $.span_name),
    span_is: ($) => seq('is', $.name),
    span_before: ($) => seq('before', $.span_name),
    expected: ($) => choice(
      seq('returns', $._expression), seq('fails', optional($._expression)), seq('is', $.name), seq('at', $._expression),
      seq('logs', $._expression), seq('before', $._expression),
    ),

    // ---- Types and patterns -----------------------------------------------------------------------------------------

    type: ($) => prec.right(seq(choice($.operation_type, $.subset_type, $.named_type, $.list_type, $.map_type), optional('?'))),
    named_type: ($) => prec.right(path($)),
    list_type: ($) => seq('[', $.type, ']'),
    operation_type: ($) => prec.right(seq(alias($._op_type, 'op'), $.params, optional(seq('->', $.type)))),
    subset_type: ($) => seq(alias($._subset, 'subset'), 'of', $.name),
    map_type: ($) => seq('{', $.type, ':', $.type, '}'),

    pattern: ($) => choice($.any_pattern, $.number_pattern, $.text, $.constant, $.case_pattern),
    any_pattern: ($) => '_',
    number_pattern: ($) => seq($.signed_number, optional(seq('..', $.signed_number))),
    signed_number: ($) => seq(optional('-'), $.number),
    case_pattern: ($) => seq(path($), optional($.binds)),
    binds: ($) => seq('(', maybe_commas($.bind), ')'),
    bind: ($) => choice(seq(alias($._label, $.name), ':', $.name), $.name),

    // ---- Statements -------------------------------------------------------------------------------------------------

    block: ($) => seq('{', repeat($._statement), '}'),
    _body_block: ($) => seq(alias($._body_open, '{'), repeat($._statement), '}'),
    flow_block: ($) => seq('{', repeat(choice(seq($.setting, optional(',')), $._statement)), '}'),
    branches: ($) => seq('{', repeat(choice($.branch, $._statement)), '}'),
    branch: ($) => seq('when', $._expression, '->', choice(alias($._body_block, $.block), $._statement)),

    // What is the same with tails and without.
    _region: ($) => choice(
      $.if, $.match, $.for, $.while, $.break, $.continue, $.parallel, $.sleep_until, $.sleep, $.signal, $.fail, $.log,
      $.race, $.try, $.deadline, $.lock, $.limited, $.state, $.goto, $.step, $.emit, $.cancel, $.shift, $.restart, $.tag,
      $.view, $.on,
    ),
    _statement: ($) => choice($._region, $.let, $.await, $.return, $.assign, $.expr_statement),
    // After `catch E ->` and `within 2d else`: no tails, which belong to the call.
    _body: ($) => choice(
      alias($._body_block, $.block), $._region, alias($.plain_await, $.await), alias($.plain_return, $.return),
      alias($.plain_assign, $.assign), alias($.plain_expr_statement, $.expr_statement),
    ),
    _arm_body: ($) => choice(alias($._body_block, $.block), $._statement),

    let: ($) => seq(choice('let', 'var'), field('name', $.name), optional(seq(':', field('type', $.type))), '=', $._right),
    assign: ($) => seq(field('name', $.name), '=', $._right),
    plain_assign: ($) => seq(field('name', $.name), '=', $._expression),
    expr_statement: ($) => seq(choice($._expression, $.spawn, $.start), repeat($._tail)),
    plain_expr_statement: ($) => choice($._expression, $.spawn, $.start),
    _right: ($) => choice($.for, $.await, seq(choice($._expression, $.spawn, $.start), repeat($._tail))),
    spawn: ($) => seq(alias($._spawn, 'spawn'), choice(alias($._body_block, $.block), $._expression)),
    start: ($) => seq(alias($._start, 'start'), $._expression),

    if: ($) => seq(
      alias($._if_statement, 'if'), $.condition, $.block,
      repeat(seq('else', alias($._if_statement, 'if'), $.condition, $.block)),
      optional(seq('else', $.block)),
    ),
    condition: ($) => $._expression,
    match: ($) => seq(alias($._match_statement, 'match'), field('subject', $._expression), '{', repeat($.arm), '}'),
    arm: ($) => seq(choice(seq('when', $.pattern), 'else'), '->', $._arm_body),
    for: ($) => seq(
      'for', field('name', $.name), 'in', field('source', choice($.heard, $._expression)), optional($.fan),
      optional(choice($.forever, alias($.span, $.within))), field('body', $.block),
    ),
    heard: ($) => seq('signal', $.name),
    fan: ($) => seq('parallel', $.arguments),
    while: ($) => seq('while', $.condition, field('body', $.block)),
    break: ($) => 'break',
    continue: ($) => 'continue',
    parallel: ($) => seq('parallel', optional($.arguments), field('body', alias($.branches, $.block))),
    race: ($) => seq(alias($._race, 'race'), field('body', alias($.branches, $.block))),
    try: ($) => prec.right(seq(
      alias($._try, 'try'), $.block,
      choice(seq(repeat1(alias($.catch_block, $.catch)), optional($.finally)), $.finally),
    )),
    catch_block: ($) => seq(alias($._catch_block, 'catch'), $.name, optional(seq('as', $.name)), $.block),
    finally: ($) => seq('finally', $.block),
    fail: ($) => seq('fail', $._expression),
    return: ($) => prec.right(seq('return', optional(choice($._right, $._behind_return)))),
    plain_return: ($) => prec.right(seq('return', optional(choice($._expression, $._behind_return)))),
    log: ($) => seq('log', $._expression),

    sleep: ($) => seq('sleep', $._expression),
    sleep_until: ($) => seq('sleep', alias($._until, 'until'), $._expression),
    signal: ($) => seq(
      optional(alias($._transient, 'transient')), 'signal', field('name', $.name), $.params, optional(seq('->', field('type', $.type))),
    ),
    on: ($) => seq(alias($._on, 'on'), field('name', $.name), $.heard_names, field('body', $.block)),
    heard_names: ($) => seq('(', maybe_commas($.heard_name), ')'),
    heard_name: ($) => seq($.name, optional(seq(':', $.type))),
    view: ($) => seq(alias($._view, 'view'), field('name', $.name), optional(seq(':', field('type', $.type))), '=', field('value', $._expression)),
    await: ($) => seq(
      'await', choice($.await_arms, seq($._awaited, optional(choice($.forever, $.within)), repeat($.catch))),
    ),
    plain_await: ($) => seq(
      'await', choice($.await_arms, seq($._awaited, optional(choice($.forever, alias($.plain_within, $.within))))),
    ),
    _awaited: ($) => choice($.awaited_event, seq($._unbound, optional(seq('as', $.name)))),
    awaited_event: ($) => prec.right(seq(alias($._event_word, 'event'), $.name, optional(seq('as', $.name)), optional($.rule))),
    await_arms: ($) => prec(1, seq('{', repeat($.await_arm), '}')),
    await_arm: ($) => seq('when', choice($.after, $.at_time, $._awaited), '->', $._arm_body),
    after: ($) => seq(alias($._after, 'after'), $._expression),
    at_time: ($) => seq(alias($._at_time, 'at'), $._expression),
    forever: ($) => 'forever',
    _within_word: ($) => choice(alias($._within, 'within'), 'within'),
    within: ($) => seq($._within_word, $._expression, optional(seq('else', $._body))),
    plain_within: ($) => seq($._within_word, $._expression),
    span: ($) => seq($._within_word, $._expression),

    deadline: ($) => prec.dynamic(1, seq(alias($._within, 'within'), $._expression, field('body', $.block), optional(seq('else', $.block)))),
    lock: ($) => seq(alias($._lock, 'lock'), $._unbound, optional(seq('as', $.name)), field('body', $.block)),
    limited: ($) => seq(alias($._limit, 'limit'), $._expression, repeat1(seq(',', $._expression)), field('body', $.block)),
    state: ($) => seq(alias($._state, 'state'), field('name', $.name), field('body', $.block)),
    goto: ($) => seq(alias($._goto, 'goto'), $.name),
    step: ($) => seq(alias($._step, 'step'), field('name', $.name), optional($.text), field('body', $.block)),
    cancel: ($) => seq(alias($._cancel, 'cancel'), $._expression),
    emit: ($) => seq(alias($._emit, 'emit'), $._expression),
    shift: ($) => seq(alias($._shift, 'shift'), $.name, $.settings),
    restart: ($) => seq(alias($._restart, 'restart'), 'with', $.arguments),
    arguments: ($) => seq('(', maybe_commas($.argument), ')'),
    tag: ($) => seq(alias($._tag, 'tag'), $.name, '=', $._expression),

    _tail: ($) => choice($.undo, $.catch, $.with, $.cache),
    undo: ($) => seq('undo', $._expression),
    catch: ($) => seq('catch', $.name, optional(seq('as', $.name)), '->', $._body),
    with: ($) => seq('with', $.settings),
    cache: ($) => seq('cache', $.settings),

    // ---- Expressions ------------------------------------------------------------------------------------------------

    _expression: ($) => choice($.lambda, $.chain, prec(-1, $._operand)),
    // Without `as`, which gives a name to what is awaited or locked.
    _unbound: ($) => choice(alias($.unbound_chain, $.chain), prec(-1, $._operand)),
    lambda: ($) => prec.right(seq($.lambda_head, field('body', $._expression))),
    lambda_head: ($) => seq(choice($.name, seq('(', optional(commas($.name)), ')')), '=>'),
    // Flat, as in the compiler's tree: the strength of the operators is no matter of form.
    chain: ($) => row($, choice(seq('as', $.type), $._next_operand)),
    unbound_chain: ($) => row($, $._next_operand),
    _next_operand: ($) => seq($._operator, repeat($._sign), $._operand),
    _sign: ($) => choice('not', '-'),
    _operator: ($) => choice(
      '??', 'or', 'and', '==', '!=', '<=', '>=', '<', '>', 'in', 'has', 'matches', '..', '+', '-', '*', '/', '%', alias($._of, 'of'),
    ),

    _operand: ($) => choice(
      $.call_expression, $.index_expression, $.member_expression, $.optional_member_expression, $.reference, $.text, $.number,
      $.constant, $.paren, $.list, $.record, $.if_expr, $.match_expr,
    ),
    call_expression: ($) => prec(1, seq(field('function', $._operand), alias($.call_arguments, $.arguments))),
    call_arguments: ($) => seq(token.immediate(prec(1, '(')), maybe_commas($.argument), ')'),
    argument: ($) => seq(optional(seq(field('name', alias($._label, $.name)), ':')), field('value', $._expression)),
    index_expression: ($) => prec(1, seq(field('value', $._operand), token.immediate(prec(1, '[')), field('index', $._expression), ']')),
    member_expression: ($) => prec(1, seq(field('value', $._operand), '.', field('name', $.name))),
    optional_member_expression: ($) => prec(1, seq(field('value', $._operand), '?.', field('name', $.name))),

    reference: ($) => choice($._word, $._cache_name),
    constant: ($) => choice('true', 'false', 'none'),
    number: ($) => $._number,
    paren: ($) => seq('(', $._expression, ')'),
    list: ($) => seq('[', maybe_commas($._expression), ']'),
    record: ($) => braced($.entry),
    entry: ($) => choice(
      seq(field('name', alias($._label, $.name)), ':', field('value', $._expression), optional(seq(alias($._or_entry, 'or'), $.entry))),
      seq(field('name', $.name), field('value', $.text)),
      field('name', $.name),
    ),
    if_expr: ($) => seq(
      alias($._if_value, 'if'), $.condition, $.value_block,
      repeat(seq('else', alias($._if_value, 'if'), $.condition, $.value_block)),
      'else', $.value_block,
    ),
    value_block: ($) => seq('{', $._expression, '}'),
    match_expr: ($) => seq(alias($._match_value, 'match'), field('subject', $._expression), '{', repeat($.expr_arm), '}'),
    expr_arm: ($) => seq(choice(seq('when', $.pattern), 'else'), '->', $._expression),

    text: ($) => choice(
      seq('"', repeat(choice($.chars, $.hole)), token.immediate('"')),
      seq('"""', repeat(choice(alias($._long_chars, $.chars), $.hole)), token.immediate('"""')),
    ),
    // `{3}` and `{1,3}` are characters, as in regular expressions; any other `{` opens an expression.
    chars: ($) => token.immediate(prec(2, /([^"{\n\\]|\\(.|\n)|\{[0-9]+(,[0-9]*)?\})+/)),
    hole: ($) => seq(token.immediate(prec(1, '{')), $._expression, '}'),

    // ---- Words ------------------------------------------------------------------------------------------------------

    name: ($) => choice($._word, $._cache_name),
    _word: ($) => /[a-zA-Z_][a-zA-Z0-9_]*/,

    comment: ($) => token(/\/\/[^\n]*/),
    doc_comment: ($) => token(prec(1, /\/\/\/([^\/\n][^\n]*)?/)),
    module_comment: ($) => token(prec(1, /\/\/![^\n]*/)),
  },
});
