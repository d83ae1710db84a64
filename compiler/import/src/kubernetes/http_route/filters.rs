//! What the filters of a rule change.

use super::{Object, Says, backend, time};
use crate::{
    fields::Fields,
    found::Found,
    kubernetes::{
        traffic::{Cors, Mirror, Redirect},
        virtual_service::{address, is_name},
    },
};

/// What filters say, and where visitors are sent instead.
pub(super) fn filters(
    all: Vec<Fields<'_>>,
    object: &Object<'_>,
    says: &mut Says,
    found: &mut Found,
) -> Option<Redirect> {
    let mut redirected = None;
    for mut filter in all {
        let kind = filter.text("type", found).unwrap_or_default();
        match kind.as_str() {
            "RequestHeaderModifier" => headers(&mut filter, says, found),
            "URLRewrite" => rewrite(&mut filter, says, found),
            "RequestMirror" => mirror(&mut filter, object, says, found),
            "RequestRedirect" => redirected = redirect(&mut filter, found),
            "CORS" => says.cors = cors(&mut filter, found),
            kind => {
                filter.skip(&["responseHeaderModifier", "extensionRef", "externalAuth"]);
                found.lost(filter.node, &format!("a filter of type `{kind}`"));
            }
        }
        filter.end(found);
    }
    redirected
}

fn headers(filter: &mut Fields<'_>, says: &mut Says, found: &mut Found) {
    let Some(mut fields) = filter.object("requestHeaderModifier", found) else {
        return;
    };
    for name in ["set", "add"] {
        if name == "add" && fields.node.get("add").is_some() {
            found.part(
                fields.node,
                "headers are set, and not added to those of their name",
            );
        }
        for mut one in fields.objects(name, found) {
            let pair = one.text("name", found).zip(one.text("value", found));
            match pair {
                Some((name, value)) if is_name(&name) => says.headers.push((name, value)),
                Some((name, _)) => found.lost(one.node, &format!("the header `{name}`")),
                None => {}
            }
            one.end(found);
        }
    }
    fields.lost(&[("remove", "headers that are taken away")], found);
    fields.end(found);
}

fn rewrite(filter: &mut Fields<'_>, says: &mut Says, found: &mut Found) {
    let Some(mut fields) = filter.object("urlRewrite", found) else {
        return;
    };
    says.rewrite.host = fields.text("hostname", found);
    if let Some((kind, path)) = fields.object("path", found).and_then(|it| path(it, found)) {
        match kind {
            Replaced::Prefix => says.rewrite.prefix = Some(path),
            Replaced::Whole => found.lost(fields.node, "a path in the place of the whole path"),
        }
    }
    fields.end(found);
}

/// What of a path is replaced.
enum Replaced {
    Prefix,
    Whole,
}

fn path(mut fields: Fields<'_>, found: &mut Found) -> Option<(Replaced, String)> {
    let kind = fields.text("type", found)?;
    let prefix = fields.text("replacePrefixMatch", found);
    let whole = fields.text("replaceFullPath", found);
    fields.end(found);
    match kind.as_str() {
        "ReplacePrefixMatch" => prefix.map(|path| (Replaced::Prefix, path)),
        _ => whole.map(|path| (Replaced::Whole, path)),
    }
}

fn mirror(filter: &mut Fields<'_>, object: &Object<'_>, says: &mut Says, found: &mut Found) {
    let Some(mut fields) = filter.object("requestMirror", found) else {
        return;
    };
    let percent = fields.count("percent", found).unwrap_or(100).min(100);
    fields.lost(&[("fraction", "a share that is a fraction")], found);
    let to = fields.object("backendRef", found).and_then(|mut it| {
        let to = backend(&mut it, object, found);
        it.end(found);
        to
    });
    fields.end(found);
    match says.mirror {
        None => says.mirror = to.map(|to| Mirror { to, percent }),
        Some(_) => found.lost(filter.node, "a second mirror"),
    }
}

fn redirect(filter: &mut Fields<'_>, found: &mut Found) -> Option<Redirect> {
    let mut fields = filter.object("requestRedirect", found)?;
    let scheme = fields.text("scheme", found);
    let host = fields.text("hostname", found);
    let port = fields.count("port", found);
    let status = fields
        .count("statusCode", found)
        .and_then(|it| u16::try_from(it).ok());
    let path = fields.object("path", found).and_then(|it| path(it, found));
    let node = fields.node;
    fields.end(found);
    let path = match path {
        None => None,
        Some((Replaced::Whole, path)) => Some(path),
        Some((Replaced::Prefix, path)) => {
            found.lost(
                node,
                &format!("a redirect that puts `{path}` in the place of a prefix"),
            );
            return None;
        }
    };
    Some(Redirect {
        as_came: scheme.is_none(),
        to: address(scheme, host, port, path),
        status: status
            .filter(|it| matches!(it, 301 | 302 | 303 | 307 | 308))
            .unwrap_or(302),
    })
}

fn cors(filter: &mut Fields<'_>, found: &mut Found) -> Option<Cors> {
    let mut fields = filter.object("cors", found)?;
    let methods = fields.texts("allowMethods", found);
    let cors = Cors {
        origins: fields.texts("allowOrigins", found),
        methods: methods.into_iter().filter(|it| it != "*").collect(),
        headers: fields.texts("allowHeaders", found),
        credentials: fields.flag("allowCredentials", found).unwrap_or_default(),
        age_ms: match fields.count("maxAge", found) {
            Some(seconds) => Some(u64::from(seconds) * 1_000),
            None => time(&mut fields, "age", found),
        },
    };
    fields.lost(&[("exposeHeaders", "headers that pages may read")], found);
    fields.end(found);
    Some(cors)
}
