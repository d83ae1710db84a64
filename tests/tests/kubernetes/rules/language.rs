//! CEL as its language definition has it, and the functions of Kubernetes as its pages have them: an expression, and what it gives.

use flowmesh_tests::cel::{Value, evaluate, parse, unknown};

/// An expression, and another one that is plainly the value of it; nothing where it is an error.
const ERROR: &str = "";

const CORE: &[(&str, &str)] = &[
    // Literals.
    ("0x1F", "31"),
    ("-0x10", "-16"),
    ("-9223372036854775808", "-9223372036854775807 - 1"),
    ("9223372036854775808", ERROR),
    ("0xFFu", "255u"),
    ("1e3", "1000.0"),
    (".5", "0.5"),
    ("2.5E-1", "0.25"),
    (r#"'a' + "b""#, "'ab'"),
    (r#""\u00e9\x41\101\n\"""#, "'\u{e9}AA' + '\\n' + '\"'"),
    (r#"r'\d\'"#, r#"'\\d\\'"#),
    ("'''a'b\n'''", "'a' + \"'\" + 'b' + '\\n'"),
    (r#"r"""a"b\n""""#, r#"'a"b\\n'"#),
    (r"b'\xff' == b'\377'", "true"),
    ("'a\nb'", ERROR),
    (r"'\q'", ERROR),
    ("[1, 2,] // items\n", "[1, 2]"),
    ("{'a': 1, 'b': [true]}['b'][0]", "true"),
    ("{'a': 1, 'a': 2}", ERROR),
    ("{1.5: 1}", ERROR),
    // Whole numbers do not wrap around, and nothing is divided by nothing.
    ("9223372036854775807 + 1", ERROR),
    ("-(-9223372036854775807 - 1)", ERROR),
    ("5000000000 * 5000000000", ERROR),
    ("0u - 1u", ERROR),
    ("7 / 2", "3"),
    ("-7 / 2", "-3"),
    ("-7 % 3", "-1"),
    ("1 / 0", ERROR),
    ("1 % 0", ERROR),
    ("1.0 / 0.0 > 1e300", "true"),
    ("1 + 1.0", ERROR),
    ("1 + 2 * 3 - 4", "3"),
    ("10 - 2 - 3", "5"),
    ("!true || true", "true"),
    ("- -1", "1"),
    // Numbers are equal by what they are worth, and other values of two kinds never are.
    ("1 == 1.0 && 1u == 1 && 1.5 != 1", "true"),
    ("9007199254740993 == 9007199254740992.0", "false"),
    ("9223372036854775807 < 9223372036854775808.0", "true"),
    ("1 == '1'", "false"),
    ("null == false", "false"),
    ("[1, 2.0] == [1.0, 2u]", "true"),
    ("[1] == [1, 1]", "false"),
    ("{'a': 1} == {'a': 1.0}", "true"),
    ("{1: 'a'}[1u] + {1u: 'b'}[1.0]", "'ab'"),
    ("0.0 / 0.0 == 0.0 / 0.0", "false"),
    ("1 < 1.5 && 2u > 1 && -1 < 0u", "true"),
    ("'a' < 'b' && 'Z' < 'a' && 'a' < 'ab'", "true"),
    ("false < true", "true"),
    ("1 < '2'", ERROR),
    ("[1] < [2]", ERROR),
    // An operand that decides wins over one that is an error, on either side.
    ("false && 1 / 0 > 0", "false"),
    ("1 / 0 > 0 && false", "false"),
    ("true || 1 / 0 > 0", "true"),
    ("1 / 0 > 0 || true", "true"),
    ("1 / 0 > 0 && true", ERROR),
    ("false || 1 / 0 > 0", ERROR),
    ("'a' || true", "true"),
    ("'a' && true", ERROR),
    ("true ? 1 : 1 / 0", "1"),
    ("false ? 1 / 0 : 2", "2"),
    ("1 ? 2 : 3", ERROR),
    ("true ? false ? 1 : 2 : 3", ERROR),
    ("true ? (false ? 1 : 2) : 3", "2"),
    ("false ? 1 : true ? 2 : 3", "2"),
    ("!1", ERROR),
    // Fields and items.
    ("{'a': {'b': 1}}.a.b", "1"),
    ("{'a': 1}.b", ERROR),
    ("{'a': 1}['b']", ERROR),
    ("[1][1]", ERROR),
    ("[1][-1]", ERROR),
    ("[1, 2][1.0]", "2"),
    ("'a'.b", ERROR),
    ("has({'a': 1}.a)", "true"),
    ("has({'a': null}.a)", "true"),
    ("has({'a': 1}.b)", "false"),
    ("has({'a': 1}.b.c)", ERROR),
    ("has({'a': {}}.a.c)", "false"),
    ("'a' in {'a': 1} && !('b' in {'a': 1})", "true"),
    ("1.0 in [1, 2] && !(3 in [1, 2])", "true"),
    ("1 in 'a'", ERROR),
    // Macros.
    ("[1, 2, 3].all(x, x > 0)", "true"),
    ("[].all(x, x > 0) && ![].exists(x, x > 0)", "true"),
    ("[0, 1].all(x, 4 / x > 9)", "false"),
    ("[1, 0].all(x, 4 / x > 1)", ERROR),
    ("[0, 1].exists(x, 4 / x > 1)", "true"),
    ("[0, 1].exists(x, 4 / x > 9)", ERROR),
    ("[1, 2, 2].exists_one(x, x == 1)", "true"),
    ("[1, 2, 2].exists_one(x, x == 2)", "false"),
    ("[].exists_one(x, true)", "false"),
    ("[0, 1].exists_one(x, 4 / x > 1)", ERROR),
    ("[1, 2, 3].filter(x, x != 2)", "[1, 3]"),
    ("[1, 2].map(x, x * 2)", "[2, 4]"),
    ("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"),
    ("{'b': 1, 'a': 2}.map(k, k)", "['a', 'b']"),
    ("{'b': 1, 'a': 2}.all(k, k in ['a', 'b'])", "true"),
    ("[1, 2].all(x, [3].all(y, y > x))", "true"),
    ("[1].all(x, [2].all(x, x == 2) && x == 1)", "true"),
    ("1.all(x, true)", ERROR),
    ("[1].all(x, x)", ERROR),
    ("[1].all(1, true)", ERROR),
    ("[1].all(x)", ERROR),
    ("has(a)", ERROR),
    // Sizes and conversions.
    (
        "size('h\u{e9}llo') + 'h\u{e9}'.size() + size([1]) + {'a': 1}.size()",
        "9",
    ),
    ("size(1)", ERROR),
    ("int('42') + int(3.9) + int(-3.9) + int(4u)", "46"),
    ("int('4x')", ERROR),
    ("int(1e99)", ERROR),
    ("uint(-1)", ERROR),
    ("double('1.5') + double(1)", "2.5"),
    ("string(42) + string(true) + string('a')", "'42truea'"),
    ("bool('true') && !bool('F')", "true"),
    ("bool('yes')", ERROR),
    ("dyn(1) == 1", "true"),
    // Strings.
    (
        "'abc'.contains('b') && 'abc'.contains('') && !'abc'.contains('B')",
        "true",
    ),
    (
        "'abc'.startsWith('ab') && 'abc'.endsWith('bc') && !'abc'.startsWith('b')",
        "true",
    ),
    (
        "'foobar'.matches('o+b') && !'foobar'.matches('^o') && matches('a', '[a-z]')",
        "true",
    ),
    (
        r"'a1_'.matches(r'^[\w]+$') && !'\u00e9'.matches(r'\w') && !'\u0663'.matches(r'^\d$')",
        "true",
    ),
    (
        "'[a'.matches('^[[]a$') && '&'.matches('^[a&&b]$') && ']'.matches('^[]]$')",
        "true",
    ),
    ("'A.b'.matches('^(?i)[a-z]+[.]B$')", "true"),
    ("'a'.matches('(')", ERROR),
    // Times.
    ("duration('1h30m') == duration('5400s')", "true"),
    ("duration('1.5s') == duration('1500ms')", "true"),
    (
        "duration('1ms') > duration('999us') && duration('-1s') < duration('0')",
        "true",
    ),
    ("duration('0.5ns') == duration('0s')", "true"),
    ("duration('1s') + duration('1m') == duration('61s')", "true"),
    ("duration('1')", ERROR),
    ("duration('')", ERROR),
    ("duration('1d')", ERROR),
    ("duration('1s ')", ERROR),
    ("duration('9999999999h')", ERROR),
    (
        "timestamp('2026-01-01T00:00:00Z') + duration('1h') == timestamp('2026-01-01T02:00:00+01:00')",
        "true",
    ),
    ("timestamp('yesterday')", ERROR),
];

const KUBERNETES: &[(&str, &str)] = &[
    // Strings.
    ("'unix:///a'.substring(7, 8)", "'/'"),
    ("'\u{e9}ab'.substring(1)", "'ab'"),
    ("'abc'.substring(3)", "''"),
    ("'abc'.substring(4)", ERROR),
    ("'abc'.substring(2, 1)", ERROR),
    ("'abc'.substring(0, 4)", ERROR),
    (
        "'hello hello'.indexOf('o') + 'hello hello'.lastIndexOf('hello') + 'a'.indexOf('b')",
        "9",
    ),
    (
        "'TacoCat'.lowerAscii() + 'a'.upperAscii() + '  a '.trim()",
        "'tacocatAa'",
    ),
    ("'hello'.charAt(4) + 'a'.charAt(1)", "'o'"),
    ("'hello hello'.replace('he', 'we')", "'wello wello'"),
    ("'a/b/c'.split('/')", "['a', 'b', 'c']"),
    ("'a'.split('/')[0].size()", "1"),
    ("''.split('/')", "['']"),
    ("'ab'.split('')", "['a', 'b']"),
    ("['a', 'b'].join('-') + ['c'].join()", "'a-bc'"),
    ("'abc 123'.find('[0-9]+') + 'abc'.find('[0-9]+')", "'123'"),
    ("'123 abc 456'.findAll('[0-9]+')", "['123', '456']"),
    // Lists.
    (
        "[1, 2, 2].isSorted() && ![2, 1].isSorted() && [].isSorted()",
        "true",
    ),
    ("[1, 3].sum() + [].sum() + [1, 3].max() + [2, 1].min()", "8"),
    ("[].min()", ERROR),
    (
        "['a', 'b', 'b'].indexOf('b') + ['b', 'b'].lastIndexOf('b') + [1].indexOf(2)",
        "1",
    ),
    // URLs.
    (
        "isURL('https://user:pass@example.com:80/path?query=val#fragment')",
        "true",
    ),
    (
        "isURL('/absolute-path') && !isURL('relative') && !isURL('../a') && !isURL('')",
        "true",
    ),
    (
        "isURL('https://a:b/') || isURL('http://a b/') || isURL('http://a/%zz') || isURL(':a')",
        "false",
    ),
    (
        "url('https://example.com:80/').getScheme() + url('/path').getScheme() + url('OCI://a').getScheme()",
        "'httpsoci'",
    ),
    (
        "url('https://example.com:80/').getHost() + url('https://example.com/').getHost()",
        "'example.com:80example.com'",
    ),
    (
        "url('https://[::1]:80/').getHostname() + url('https://127.0.0.1:80/').getHostname()",
        "'::1127.0.0.1'",
    ),
    (
        "url('https://example.com:80/').getPort() + url('/path').getPort()",
        "'80'",
    ),
    (
        "url('https://example.com/a%20b/?q').getEscapedPath()",
        "'/a%20b/'",
    ),
    ("url('relative')", ERROR),
    // Addresses.
    ("isIP('127.0.0.1') && isIP('2001:db8::abcd')", "true"),
    (
        "isIP('127.0.0.256') || isIP('01.0.0.1') || isIP('::ffff:1.2.3.4') || isIP('fe80::1%eth0') || isIP('a.com')",
        "false",
    ),
    ("ip('::1').family() + ip('127.0.0.1').family()", "10"),
    (
        "ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified()",
        "true",
    ),
    // Formats, and what is wrong by them; an optional is never null.
    (
        "format.dns1123Label().validate('my-label-name').hasValue()",
        "false",
    ),
    (
        "format.dns1123Label().validate('contains a space').hasValue()",
        "true",
    ),
    (
        "format.dns1123Label().validate('-a').hasValue() && format.dns1123Label().validate('A').hasValue()",
        "true",
    ),
    ("format.dns1123Label().validate('a') == null", "false"),
    (
        "format.dns1123Subdomain().validate('apiextensions.k8s.io').hasValue()",
        "false",
    ),
    ("format.dns1035Label().validate('1a').hasValue()", "true"),
    (
        "format.qualifiedName().validate('apps/v1beta1').hasValue() || format.qualifiedName().validate('a/').hasValue()",
        "true",
    ),
    (
        "format.named('dns1123Label').value().validate('a').hasValue() || format.named('nothing').hasValue()",
        "false",
    ),
    // Optionals.
    ("{'a': 1}.?b.orValue(2) + {'a': 1}.?a.orValue(2)", "3"),
    ("{'a': {'b': 1}}.?a.b.hasValue() && !{}.?a.b.c.hasValue()", "true"),
    ("[1][?1].orValue(3) + [1][?0].value()", "4"),
    ("optional.none().value()", ERROR),
    (
        "optional.of(1) == {'a': 1}.?a && optional.none() != optional.of(1)",
        "true",
    ),
];

fn given(text: &str) -> Result<Value, String> {
    evaluate(&parse(text)?, &Value::Null)
}

#[test]
fn expressions_give_what_the_language_says() {
    let mut wrong = Vec::new();
    for (text, expected) in CORE.iter().chain(KUBERNETES) {
        let found = given(text);
        let right = match *expected {
            ERROR => found.is_err(),
            expected => found.is_ok() && found == given(expected),
        };
        wrong.extend((!right).then(|| format!("{text} gives {found:?}, and not {expected}")));
        if let Ok(expr) = parse(text) {
            wrong.extend(
                unknown(&expr)
                    .iter()
                    .map(|name| format!("{text} has {name}, which is not known")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_expression_is_refused() {
    for text in [
        "",
        "1 +",
        "(1",
        "[1",
        "{1}",
        "a b",
        "1 = 1",
        "a.",
        "'a",
        "\"\"\"a\"\"",
        "1 ? 2",
        "in",
        "a @ b",
        "$",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse(&"(".repeat(100_000)).is_err());
}

#[test]
fn what_is_not_had_is_named_before_anything_is_evaluated() {
    let named = |text: &str| {
        unknown(&parse(text).expect("it can be read"))
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        named("self.all(x, quantity(x).isGreaterThan(y))"),
        ["isGreaterThan()", "quantity()", "y"]
    );
    assert_eq!(
        named("authorizer.path('/').check('get').allowed()"),
        ["allowed()", "authorizer.path()", "check()"]
    );
    assert_eq!(named("format.ssn().validate(self)"), ["format.ssn()"]);
    assert_eq!(named("self.substring(1, 2, 3)"), ["substring()"]);
    assert_eq!(
        named("[1].map(x, x + 1).filter(y, y > self.z)"),
        Vec::<String>::new()
    );
}
