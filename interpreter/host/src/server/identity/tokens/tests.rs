use super::*;
use std::os::unix::fs::PermissionsExt;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn new(name: &str) -> NewToken {
    NewToken {
        name: name.to_owned(),
        role: Role::Operator,
        namespace: Some(Name::new("shop")),
        expires: Timestamp::from_second(1_800_000_060).ok(),
    }
}

fn tokens() -> (tempfile::TempDir, Tokens) {
    let folder = tempfile::tempdir().unwrap();
    let tokens = Tokens::new(folder.path().join("deep/tokens.json"));
    (folder, tokens)
}

#[test]
fn a_token_names_its_bearer_until_it_expires() {
    let (_folder, tokens) = tokens();
    let (token, text) = tokens.create(&new("ci"), now()).unwrap();
    assert!(text.starts_with("fmt_") && text.len() > 50, "{text}");
    let caller = tokens.caller(&text, now()).unwrap();
    assert_eq!((caller.name.as_str(), caller.role), ("ci", Some(Role::Operator)));
    assert_eq!(caller.means, Means::Token(token.id));
    assert_eq!(caller.namespaces, Namespaces::Only([Name::new("shop")].into()));
    let later = Timestamp::from_second(1_800_000_060).unwrap();
    assert_eq!(tokens.caller(&text, later), Err(Unknown::Expired));
}

#[test]
fn what_is_kept_is_no_token_and_nobody_else_may_read_it() {
    let (_folder, tokens) = tokens();
    let (token, text) = tokens.create(&new("ci"), now()).unwrap();
    let kept = fs::read_to_string(tokens.path()).unwrap();
    let secret = text.rsplit_once('_').unwrap().1;
    assert!(!kept.contains(secret) && kept.contains(&token.id), "{kept}");
    let mode = fs::metadata(tokens.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let hash = tokens.list().unwrap()[0].sha256.clone();
    assert_eq!(tokens.caller(&hash, now()), Err(Unknown::Token));
}

#[test]
fn a_revocation_and_a_new_token_hold_at_once() {
    let (_folder, tokens) = tokens();
    let (_, first) = tokens.create(&new("ci"), now()).unwrap();
    assert!(tokens.caller(&first, now()).is_ok());
    // As another process does.
    let others = Tokens::new(tokens.path());
    others.revoke("ci", now()).unwrap();
    assert_eq!(tokens.caller(&first, now()), Err(Unknown::Revoked));
    let (_, second) = others.create(&new("ci"), now()).unwrap();
    assert!(tokens.caller(&second, now()).is_ok());
    assert_eq!(tokens.caller(&first, now()), Err(Unknown::Revoked));
    assert_eq!(tokens.list().unwrap().len(), 2);
}

#[test]
fn what_is_not_known_is_not_let_in() {
    let (_folder, tokens) = tokens();
    assert_eq!(tokens.caller("fmt_a_b", now()), Err(Unknown::Token));
    let (_, text) = tokens.create(&new("ci"), now()).unwrap();
    for wrong in [
        "",
        "fmt_",
        "fmt_a_b",
        &text[..text.len() - 1],
        &format!("{text}A"),
        &text.to_uppercase(),
    ] {
        assert_eq!(tokens.caller(wrong, now()), Err(Unknown::Token), "{wrong}");
    }
}

#[test]
fn a_file_that_is_none_of_ours_lets_nobody_in() {
    let (_folder, tokens) = tokens();
    let (_, text) = tokens.create(&new("ci"), now()).unwrap();
    for wrong in [
        "",
        "{}",
        "{\"version\": 2, \"tokens\": []}",
        "{\"version\": 1, \"tokens\": [{}]}",
    ] {
        fs::write(tokens.path(), wrong).unwrap();
        assert_eq!(tokens.caller(&text, now()), Err(Unknown::File), "{wrong}");
        assert!(tokens.create(&new("other"), now()).is_err() && tokens.exist());
    }
}

#[test]
fn names_are_seen_and_not_taken_twice() {
    let (_folder, tokens) = tokens();
    assert!(!tokens.exist());
    for wrong in ["", "a\nb", &"x".repeat(101)] {
        assert!(tokens.create(&new(wrong), now()).is_err(), "{wrong}");
    }
    tokens.create(&new("ci"), now()).unwrap();
    assert!(matches!(
        tokens.create(&new("ci"), now()),
        Err(TokensError::Name { .. })
    ));
    assert!(matches!(
        tokens.revoke("none", now()),
        Err(TokensError::Missing(_))
    ));
}

#[test]
fn many_at_once_lose_nothing() {
    let (_folder, tokens) = tokens();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let tokens = tokens.clone();
            scope.spawn(move || tokens.create(&new(&format!("t{number}")), now()).unwrap());
        }
    });
    assert_eq!(tokens.list().unwrap().len(), 8);
}
