//! Browsers that log in: the paths of the login, the session that a cookie shows, and who is sent to the provider.

use super::{body::Body, refusal::Refusal};
use crate::{
    decide::canonical::Canonical,
    identity::{Asked, Login, LoginFailed, Onward},
};
use bytes::Bytes;
use flowmesh_ir::service::Method;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Answers a request below the path of the login; nothing where it is for others.
pub(super) async fn serve(
    login: &Login,
    request: &Canonical,
    now: Timestamp,
) -> Option<Result<Response<Body>, Refusal>> {
    let asked = login.asked(request.path())?;
    let answer = match (asked, request.method) {
        (Asked::Begin, Method::Get) => login.begin("/", now).await,
        (Asked::Finish, Method::Get) => {
            let pairs = pairs(&request.headers);
            login.finish(request.query(), &pairs, now).await
        }
        // Who is on a page of others has not asked for it.
        (Asked::End, Method::Get | Method::Post) if !is_from_others(&request.headers) => Ok(login.end()),
        (Asked::End, Method::Get | Method::Post) => {
            return Some(Err(Refusal::Denied(
                "another site asks for the end of the session".to_owned(),
            )));
        }
        (Asked::Begin | Asked::Finish, _) => return Some(Err(Refusal::Method(vec!["GET"]))),
        (Asked::End, _) => return Some(Err(Refusal::Method(vec!["GET", "POST"]))),
    };
    Some(answer.map(|onward| onward_answer(&onward)).map_err(refused))
}

/// The claims of whoever has a session. Our cookies are taken out of the request.
pub(super) fn session(login: &Login, headers: &mut HeaderMap, now: Timestamp) -> Option<Map<String, Value>> {
    let pairs = pairs(headers);
    if pairs.is_empty() {
        return None;
    }
    let claims = login.session(&pairs, now);
    let others = pairs.iter().filter(|(name, _)| !login.is_ours(name));
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    if others.len() < pairs.len() {
        match HeaderValue::from_str(&others.join("; ")) {
            Ok(cookie) if !others.is_empty() => drop(headers.insert(COOKIE, cookie)),
            _ => drop(headers.remove(COOKIE)),
        }
    }
    claims
}

/// Sends a browser that wants a page to the provider; nothing for others, who would not know what to do there.
pub(super) async fn send(login: &Login, request: &Canonical, now: Timestamp) -> Option<Refusal> {
    if !is_page(request) {
        return None;
    }
    Some(match login.begin(request.target.as_str(), now).await {
        Ok(onward) => Refusal::Login(onward),
        Err(why) => refused(why),
    })
}

/// A browser that is led on. What it is given is nobody else's.
pub(super) fn onward_answer(onward: &Onward) -> Response<Body> {
    let mut answer = Response::new(Body::whole(Bytes::new()));
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    if let Ok(to) = HeaderValue::from_str(&onward.to) {
        headers.insert(LOCATION, to);
    }
    for mut cookie in onward
        .cookies
        .iter()
        .filter_map(|text| HeaderValue::from_str(text).ok())
    {
        cookie.set_sensitive(true);
        headers.append(SET_COOKIE, cookie);
    }
    answer
}

fn refused(why: LoginFailed) -> Refusal {
    match why {
        LoginFailed::Unreachable(_) => Refusal::Unsure(why.to_string()),
        LoginFailed::Unbelieved(why) => Refusal::Unidentified {
            shown: true,
            why,
            challenges: Vec::new(),
        },
    }
}

/// Whether somebody wants to see it in a browser.
fn is_page(request: &Canonical) -> bool {
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let mut accepts = request.headers.get_all(ACCEPT).iter();
    let html = accepts.any(|value| {
        let kinds = value.to_str().unwrap_or_default().split(',');
        kinds
            .map(|kind| kind.split(';').next().unwrap_or_default().trim())
            .any(|kind| kind.eq_ignore_ascii_case("text/html"))
    });
    // A script that fetches cannot follow to another site.
    let goes_there = text("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    request.method == Method::Get && request.upgrade.is_none() && html && goes_there
}

fn is_from_others(headers: &HeaderMap) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// The cookies of a request, in whatever headers they came (RFC 9113, 8.2.3).
fn pairs(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let pairs = all
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.collect()
}
