//! A router over an in-memory fake of the files port, and requests to it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use holdfast_api::{ApiLimits, ApiParts, ApiState, Tokens, router};
use holdfast_base::{FilesystemId, SeededRandom, SystemClock, VolumeId};
use holdfast_catalogue::{Catalogue, Scope};
use serde_json::Value;
use tower::ServiceExt;

use crate::fake::{FakeFiles, FakeMounts};

/// How long a token of the bench is good.
pub const TOKEN_LIFETIME: std::time::Duration = std::time::Duration::from_secs(3600);

pub struct Bench {
    pub router: Router,
    pub state: ApiState,
    pub files: Arc<FakeFiles>,
    pub mounts: Arc<FakeMounts>,
    pub catalogue: Arc<Catalogue>,
    pub key: String,
    pub other_key: String,
    pub admin_key: String,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Asserts the three fields of every error and gives the message.
    #[track_caller]
    pub fn refused(&self, status: u16, error: &str) -> String {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(body["code"], status, "{body}");
        assert_eq!(body["error"], error, "{body}");
        let message = body["message"].as_str().unwrap();
        assert!(!message.is_empty());
        message.to_owned()
    }

    #[track_caller]
    pub fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

/// A request in the making.
pub struct Call<'a> {
    bench: &'a Bench,
    builder: axum::http::request::Builder,
    body: Body,
}

impl Call<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    pub fn json(self, json: &str) -> Self {
        self.header("content-type", "application/json").body(json.to_owned())
    }

    pub async fn send(self) -> Reply {
        let request = self.builder.body(self.body).unwrap();
        let response = self.bench.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        Reply { status, headers, body }
    }
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(ApiLimits::default()).await
    }

    pub async fn with(limits: ApiLimits) -> Self {
        let clock = Arc::new(SystemClock::default());
        let random = Arc::new(SeededRandom::new(1));
        let catalogue = Catalogue::open("sqlite::memory:", clock.clone(), random.clone()).await.unwrap();
        let (team, _) = catalogue.ensure_default_team().await.unwrap();
        let other = catalogue.create_team("other").await.unwrap();
        let mut keys = Vec::new();
        for scope in [Scope::Team(team.id), Scope::Team(other.id), Scope::Admin] {
            keys.push(catalogue.create_key(scope, "test").await.unwrap().key.reveal().to_owned());
        }
        let catalogue = Arc::new(catalogue);
        let files = Arc::new(FakeFiles::default());
        let mounts = Arc::new(FakeMounts::default());
        let state = ApiState::new(ApiParts {
            catalogue: catalogue.clone(),
            files: files.clone(),
            mounts: mounts.clone(),
            limits,
            clock,
            tokens: Tokens::new(&[1; 32], TOKEN_LIFETIME),
            random,
            render_metrics: Box::new(|| "metrics 1\n".to_owned()),
            ready: Box::new(|| Ok(())),
            settle: Arc::new(|| Box::pin(async {})),
        });
        let [key, other_key, admin_key] = keys.try_into().unwrap();
        Self { router: router(state.clone()), state, files, mounts, catalogue, key, other_key, admin_key }
    }

    /// A request without a key.
    pub fn bare(&self, method: &str, path: &str) -> Call<'_> {
        let method: Method = method.parse().unwrap();
        Call { bench: self, builder: Request::builder().method(method).uri(path), body: Body::empty() }
    }

    /// A request of the first team.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        self.bare(method, path).header("x-api-key", &self.key)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path).send().await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path).send().await
    }

    /// Makes a filesystem and gives its id.
    pub async fn filesystem(&self, name: &str) -> String {
        let made = self
            .call("POST", "/filesystems")
            .json(&format!(r#"{{"name":"{name}","sizeGB":5}}"#))
            .send()
            .await;
        made.ok(201).json()["id"].as_str().unwrap().to_owned()
    }

    pub async fn put(&self, path: &str, content: impl Into<Body>) -> Reply {
        self.call("PUT", path).body(content).send().await
    }
}

pub fn volume(id: &str) -> VolumeId {
    id.parse::<FilesystemId>().unwrap().into()
}
