//! Turns the rules that pest would have accepted into the words of an author.

use flowmesh_grammar::Rule;

/// What was expected, and a help where there is one.
pub(super) fn expected(positives: &[Rule]) -> (String, Option<String>) {
    let has = |rule: Rule| positives.contains(&rule);
    if has(Rule::lone_item) || has(Rule::kw_flow) {
        let help = "a file is made of `use`, `config`, `secret`, `type`, `enum`, `error`, `event`, `fn`, `policy`, `service`, `flow`, \
                    `gateway`, `allow`, `deny`, `mesh`, `schedule`, `migrate` and `test`";
        return ("a declaration".to_owned(), Some(help.to_owned()));
    }
    if has(Rule::lone_statement) || has(Rule::prompt) || has(Rule::kw_let) || has(Rule::free_word) {
        return ("a statement".to_owned(), None);
    }
    if has(Rule::lone_member) || has(Rule::kw_op) {
        return ("`op`, `at`, `route` or a setting".to_owned(), None);
    }
    if has(Rule::comma) && positives.iter().any(|rule| closing(*rule).is_some()) {
        let sign = positives.iter().find_map(|rule| closing(*rule)).unwrap_or("`)`");
        return (format!("`,` or {sign}"), None);
    }
    if has(Rule::name) && has(Rule::colon) {
        return ("`:` or a name".to_owned(), None);
    }
    let best = positives
        .iter()
        .filter_map(|rule| words(*rule))
        .map(|(rank, _)| rank)
        .min();
    let mut all: Vec<&str> = Vec::new();
    for (rank, words) in positives.iter().filter_map(|rule| words(*rule)) {
        if Some(rank) == best && !all.contains(&words) {
            all.push(words);
        }
    }
    all.truncate(3);
    (join(&all), None)
}

/// The words of the language that would have fitted.
pub(super) fn keywords(positives: &[Rule]) -> Vec<&'static str> {
    let word = |rule: &Rule| {
        Some(match rule {
            Rule::kw_fails | Rule::fails => "fails",
            Rule::kw_key | Rule::key => "key",
            Rule::kw_where | Rule::where_rule => "where",
            Rule::kw_in => "in",
            Rule::kw_as => "as",
            Rule::kw_else => "else",
            Rule::kw_when => "when",
            Rule::kw_if => "if",
            Rule::kw_within | Rule::within => "within",
            Rule::kw_forever | Rule::forever => "forever",
            _ => return None,
        })
    };
    positives.iter().filter_map(word).collect()
}

fn join(all: &[&str]) -> String {
    match all {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn closing(rule: Rule) -> Option<&'static str> {
    match rule {
        Rule::close_round => Some("`)`"),
        Rule::close_square => Some("`]`"),
        Rule::close => Some("`}`"),
        _ => None,
    }
}

/// The words for a rule, and how much an author would wish to hear them: what must come before what may come.
fn words(rule: Rule) -> Option<(u8, &'static str)> {
    Some(match rule {
        Rule::expr | Rule::operand | Rule::lambda_head | Rule::prefix | Rule::minus | Rule::kw_not => {
            (1, "an expression")
        }
        Rule::unbound | Rule::after | Rule::at_time | Rule::awaited_event => (1, "an expression"),
        Rule::condition | Rule::reference | Rule::constant | Rule::paren | Rule::list => (1, "an expression"),
        Rule::record | Rule::if_expr | Rule::match_expr => (1, "an expression"),
        Rule::r#type | Rule::named_type | Rule::list_type | Rule::map_type => (1, "a type"),
        Rule::pattern | Rule::any_pattern | Rule::case_pattern => (1, "a pattern"),
        Rule::name | Rule::field_name | Rule::split => (1, "a name"),
        Rule::field | Rule::lone_field => (1, "a name with its type"),
        Rule::setting | Rule::lone_setting => (1, "a setting"),
        Rule::lone_case => (1, "a name"),
        Rule::lone_arm | Rule::lone_route_rule | Rule::lone_await_arm => (1, "`when` or `else`"),
        Rule::lone_expression => (1, "an expression"),
        Rule::argument => (1, "an argument"),
        Rule::entry => (1, "a name"),
        Rule::zones | Rule::zone => (1, "a zone such as `\"eu/eu-a\"`"),
        Rule::number => (2, "a number"),
        Rule::text => (2, "a text"),
        Rule::binding => (1, "a method such as `GET`"),
        Rule::params | Rule::call | Rule::arguments | Rule::heard_names => (1, "`(`"),
        Rule::catch_block | Rule::kw_catch | Rule::finally | Rule::kw_finally => (1, "`catch` or `finally`"),
        Rule::block
        | Rule::flow_block
        | Rule::branches
        | Rule::open
        | Rule::fields
        | Rule::settings
        | Rule::value => (1, "`{`"),
        Rule::equals => (1, "`=`"),
        Rule::kw_in => (1, "`in`"),
        Rule::kw_with => (1, "`with`"),
        Rule::kw_signal => (1, "`signal`"),
        Rule::kw_when => (1, "`when`"),
        Rule::kw_else => (1, "`else`"),
        Rule::arm | Rule::expr_arm | Rule::route_rule => (1, "`when` or `else`"),
        Rule::colon => (2, "`:`"),
        Rule::arrow => (2, "`->`"),
        Rule::close_round => (2, "`)`"),
        Rule::close_square => (2, "`]`"),
        Rule::close => (2, "`}`"),
        Rule::comma => (3, "`,`"),
        Rule::dot => (4, "`.`"),
        Rule::kw_fails | Rule::fails => (4, "`fails`"),
        Rule::kw_key | Rule::key => (4, "`key`"),
        Rule::kw_as => (4, "`as`"),
        Rule::EOI => (5, "a new line"),
        _ => return None,
    })
}
