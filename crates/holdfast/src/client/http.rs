//! Requests to the API, and its refusals as failures of a command.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

use super::remote::{ADMIN_KEY, Remote, TEAM_KEY};
use crate::cli::RemoteArgs;
use crate::exit::{Exit, Failure};

/// Longest wait for a connection. Answers may take as long as they take; Ctrl-C ends the wait.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to one server with one key.
pub struct Client {
    http: reqwest::Client,
    remote: Remote,
}

impl Client {
    /// A client with a team's key for what the arguments name. Connects with the first request.
    pub fn new(args: &RemoteArgs) -> Result<Self, Failure> {
        Self::with(Remote::find(args, TEAM_KEY)?)
    }

    /// A client with an administrator's key.
    pub fn admin(args: &RemoteArgs) -> Result<Self, Failure> {
        Self::with(Remote::find(args, ADMIN_KEY)?)
    }

    fn with(remote: Remote) -> Result<Self, Failure> {
        let url: Url = remote
            .url
            .parse()
            .map_err(|error| Failure::new(Exit::Usage, format!("`{}` is not a URL: {error}", remote.url)))?;
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if is_local(&url) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| Failure::because(Exit::Failed, "no HTTP client", &error))?;
        Ok(Self { http, remote })
    }

    /// Which server it is.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// A request with the key. `path` is encoded already.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.remote.url)).header("X-API-Key", &self.remote.key)
    }

    /// Sends a request; a refusal is a failure.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.text().await.map_err(|error| self.broken(&error))?;
        Err(refused(status, body))
    }

    /// Sends a request and reads its answer, which is JSON, or nothing.
    pub async fn json(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = self.send(request).await?;
        let body = response.bytes().await.map_err(|error| self.broken(&error))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|error| {
            Failure::because(
                Exit::Failed,
                format!("{} does not answer as Holdfast does", self.remote.url),
                &error,
            )
        })
    }

    /// A request without an answer.
    pub fn broken(&self, error: &reqwest::Error) -> Failure {
        let url = &self.remote.url;
        if error.is_connect() {
            let message = format!(
                "no server answers at {url} ({}); start one with `holdfast serve`, or name another with HOLDFAST_URL",
                root_cause(error)
            );
            return Failure::new(Exit::Unreachable, message);
        }
        Failure::because(Exit::Failed, format!("the exchange with {url} broke off"), error)
    }
}

/// The innermost source: the outer ones tell how the client is built.
fn root_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    error.source().map_or(error, root_cause)
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A refusal as a failure: the server's message for people, its code for the exit code.
fn refused(status: StatusCode, body: String) -> Failure {
    let parsed: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
    let Some(message) = parsed["message"].as_str() else {
        return Failure::new(Exit::Failed, format!("the server answered {status}"));
    };
    let exit = exit_of(status, parsed["error"].as_str().unwrap_or(""));
    Failure { exit, message: message.to_owned(), json: Some(body) }
}

fn exit_of(status: StatusCode, error: &str) -> Exit {
    match (status, error) {
        (_, "team_limit_reached") | (StatusCode::INSUFFICIENT_STORAGE, _) => Exit::Full,
        (StatusCode::UNAUTHORIZED, _) | (_, "forbidden") => Exit::KeyRefused,
        (StatusCode::NOT_FOUND, _) => Exit::NotFound,
        (StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED, _) => Exit::Conflict,
        (StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE, _) => Exit::Usage,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_keep_the_servers_words_and_get_a_code() {
        let body = r#"{"code":404,"message":"no such file","error":"path_not_found"}"#;
        let failure = refused(StatusCode::NOT_FOUND, body.to_owned());
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::NotFound, "no such file"));
        assert_eq!(failure.json.as_deref(), Some(body));
        assert_eq!(exit_of(StatusCode::FORBIDDEN, "team_limit_reached"), Exit::Full);
        assert_eq!(exit_of(StatusCode::FORBIDDEN, "access_denied"), Exit::Failed);
        let other = refused(StatusCode::BAD_GATEWAY, "<html>".to_owned());
        assert_eq!(
            (other.exit, other.message.as_str()),
            (Exit::Failed, "the server answered 502 Bad Gateway")
        );
    }
}
