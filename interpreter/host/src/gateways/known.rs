//! What a gateway knows visitors by: whose tokens, keys and passwords it takes, as the program says.

use super::{GatewayError, GatewaysOptions, open::text};
use crate::{driver::Live, engine::Deployment};
use flowmesh_ir::{SecretId, expr::Expr, gateway::Gateway};
use flowmesh_mesh::{
    gateway::Ways,
    identity::{Introspect, IntrospectOptions, Issuer, IssuerOptions, Login, LoginOptions},
    visitors::Visitors,
};
use std::{sync::Arc, time::Duration};

/// How far the clocks of issuers may be from ours.
const SKEW: Duration = Duration::from_secs(30);

/// A gateway, and where what it says has its values.
struct Reading<'r> {
    live: &'r Live,
    gateway: &'r Gateway,
    options: &'r GatewaysOptions,
}

/// What it knows visitors by.
pub(super) fn ways(live: &Live, gateway: &Gateway, options: &GatewaysOptions) -> Result<Ways, GatewayError> {
    let reading = Reading {
        live,
        gateway,
        options,
    };
    Ok(Ways {
        issuer: reading.issuer()?,
        introspect: reading.introspect()?,
        login: reading.login()?,
        keys: reading.visitors(gateway.keys.as_ref().map(|keys| &keys.file))?,
        basic: reading.visitors(gateway.basic.as_ref().map(|basic| &basic.file))?,
    })
}

impl Reading<'_> {
    fn issuer(&self) -> Result<Option<Arc<Issuer>>, GatewayError> {
        let Some(jwt) = &self.gateway.jwt else {
            return Ok(None);
        };
        let value = |part, expr| self.value("jwt", part, expr);
        let audiences = jwt.audience.iter().map(|expr| value("audience", expr));
        let trusted = IssuerOptions {
            issuer: value("issuer", &jwt.issuer)?,
            audiences: audiences.collect::<Result<_, _>>()?,
            keys: Some(value("keys", &jwt.keys)?),
            skew: SKEW,
        };
        let issuer = Issuer::new(trusted, self.options.fetch.clone());
        issuer
            .map(|issuer| Some(Arc::new(issuer)))
            .map_err(|error| GatewayError::Issuer {
                gateway: self.gateway.name.clone(),
                error,
            })
    }

    fn introspect(&self) -> Result<Option<Arc<Introspect>>, GatewayError> {
        let Some(said) = &self.gateway.introspect else {
            return Ok(None);
        };
        let value = |part, expr| self.value("introspect", part, expr);
        let audiences = said.audience.iter().map(|expr| value("audience", expr));
        let asked = IntrospectOptions {
            at: value("at", &said.at)?,
            client: value("client", &said.client)?,
            secret: self.secret("introspect", said.secret)?,
            audiences: audiences.collect::<Result<_, _>>()?,
        };
        let introspect = Introspect::new(asked, self.options.fetch.clone());
        introspect
            .map(|introspect| Some(Arc::new(introspect)))
            .map_err(|error| GatewayError::Introspect {
                gateway: self.gateway.name.clone(),
                error,
            })
    }

    fn login(&self) -> Result<Option<Arc<Login>>, GatewayError> {
        let Some(said) = &self.gateway.login else {
            return Ok(None);
        };
        let value = |part, expr| self.value("login", part, expr);
        let wanted = LoginOptions {
            gateway: self.gateway.name.to_string(),
            issuer: value("issuer", &said.issuer)?,
            client: value("client", &said.client)?,
            secret: self.secret("login", said.secret)?,
            scopes: said.scopes.clone(),
            at: value("at", &said.at)?,
            path: said.path.clone(),
            session: Duration::from_millis(said.session_ms),
            key: said.key.map(|key| self.secret("login", key)).transpose()?,
        };
        let login = Login::new(wanted, self.options.fetch.clone());
        login
            .map(|login| Some(Arc::new(login)))
            .map_err(|error| GatewayError::Login {
                gateway: self.gateway.name.clone(),
                error,
            })
    }

    fn visitors(&self, file: Option<&String>) -> Result<Option<Arc<Visitors>>, GatewayError> {
        let Some(file) = file else {
            return Ok(None);
        };
        let visitors = Visitors::load(&self.options.directory.join(file));
        visitors
            .map(|visitors| Some(Arc::new(visitors)))
            .map_err(|error| GatewayError::Visitors {
                gateway: self.gateway.name.clone(),
                error,
            })
    }

    fn value(&self, setting: &'static str, part: &'static str, expr: &Expr) -> Result<String, GatewayError> {
        let deployment: &Deployment = &self.live.deployment;
        text(deployment, expr).ok_or_else(|| self.valueless(setting, part))
    }

    fn secret(&self, setting: &'static str, id: SecretId) -> Result<String, GatewayError> {
        let value = self.live.caller.secret(id).filter(|value| !value.is_empty());
        value.ok_or_else(|| self.valueless(setting, "secret"))
    }

    fn valueless(&self, setting: &'static str, part: &'static str) -> GatewayError {
        GatewayError::Valueless {
            gateway: self.gateway.name.clone(),
            setting,
            part,
        }
    }
}
