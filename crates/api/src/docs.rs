//! `/docs`: the OpenAPI document as one page for people. Made from the document alone, without scripts or anything from
//! elsewhere, so it cannot say something else than the document does.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::error::{ApiError, ErrorCode};
use crate::openapi::document;

/// Nothing is loaded but the page's own style.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Holdfast: HTTP API</title><style>\
    body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
    code{font:13px monospace;background:#8882;padding:.1em .3em}\
    h3{margin-top:2.5rem;border-top:1px solid #8886;padding-top:1rem}h3 b{display:inline-block;min-width:4.5rem}\
    table{border-collapse:collapse}td{border-bottom:1px solid #8884;padding:.2rem .8rem .2rem 0;vertical-align:top}\
    </style></head><body><h1>Holdfast: HTTP API</h1>";

/// This API for people to read.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "readDocs",
    tag = "server",
    responses((status = 200, body = String, content_type = "text/html"))
)]
pub(crate) async fn docs() -> Result<Response, ApiError> {
    static PAGE: LazyLock<Result<String, String>> = LazyLock::new(|| {
        let document = serde_json::to_value(document()).map_err(|error| error.to_string())?;
        page(&document).map_err(|error| error.to_string())
    });
    match &*PAGE {
        Ok(page) => {
            let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
            Ok((headers, page.as_str()).into_response())
        }
        Err(error) => Err(ApiError::new(ErrorCode::Internal, "internal error").because(error.as_str())),
    }
}

fn page(document: &Value) -> Result<String, std::fmt::Error> {
    let mut out = HEAD.to_owned();
    let about = text(&document["info"]["description"]);
    write!(out, "<p>{about}</p><p>For programs: <a href=\"/openapi.json\">/openapi.json</a></p>")?;
    for tag in array(&document["tags"]) {
        write!(out, "<h2>{}</h2><p>{}</p>", text(&tag["name"]), text(&tag["description"]))?;
        for (path, item) in object(&document["paths"]) {
            for (method, operation) in object(item) {
                if array(&operation["tags"]).iter().any(|one| *one == tag["name"]) {
                    write_operation(&mut out, document, path, method, operation)?;
                }
            }
        }
    }
    out.push_str("</body></html>\n");
    Ok(out)
}

fn write_operation(
    out: &mut String,
    document: &Value,
    path: &str,
    method: &str,
    operation: &Value,
) -> std::fmt::Result {
    let id = text(&operation["operationId"]);
    let method = method.to_uppercase();
    write!(out, "<h3 id=\"{id}\"><b>{method}</b> <code>{}</code></h3>", escaped(path))?;
    write!(out, "<p>{}</p><p>{}</p>", text(&operation["summary"]), text(&operation["description"]))?;
    let rows = array(&operation["parameters"]).iter().map(|one| {
        let place = format!(
            "{}, {}",
            text(&one["in"]),
            if one["required"] == true { "required" } else { "optional" }
        );
        [text(&one["name"]), place, text(&one["description"])]
    });
    write_table(out, "Parameters", rows.collect())?;
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let fields = object(&resolved(document, body)["properties"]).map(|(name, field)| {
        let field = if field.get("description").is_some() { field } else { resolved(document, field) };
        [escaped(name), kind(field), text(&field["description"])]
    });
    write_table(out, "Body", fields.collect())?;
    let answers = object(&operation["responses"])
        .map(|(status, answer)| [escaped(status), String::new(), text(&answer["description"])]);
    write_table(out, "Answers", answers.collect())
}

fn write_table(out: &mut String, title: &str, rows: Vec<[String; 3]>) -> std::fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    write!(out, "<h4>{title}</h4><table>")?;
    for [name, place, meaning] in rows {
        write!(out, "<tr><td><code>{name}</code></td><td>{place}</td><td>{meaning}</td></tr>")?;
    }
    write!(out, "</table>")
}

/// A schema, or the one that it refers to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

/// The types of a field.
fn kind(field: &Value) -> String {
    match &field["type"] {
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one),
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or(""))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
