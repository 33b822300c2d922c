//! The OpenAPI document: complete, served, and the same as the copy in `docs/`.

use serde_json::Value;

use crate::support::Bench;

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[tokio::test]
async fn the_checked_in_document_is_the_served_one() {
    let bench = Bench::new().await;
    let served = String::from_utf8(bench.bare("GET", "/openapi.json").send().await.ok(200).body).unwrap();
    if std::env::var_os("HOLDFAST_BLESS").is_some() {
        std::fs::write(CHECKED_IN, &served).unwrap();
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(served == checked_in, "docs/openapi.json is out of date: run this test with HOLDFAST_BLESS=1");
}

#[tokio::test]
async fn the_page_for_people_tells_every_operation_and_loads_nothing() {
    let bench = Bench::new().await;
    let page = bench.bare("GET", "/docs").send().await.ok(200);
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    let text = String::from_utf8(page.body.clone()).unwrap();
    let document = serde_json::to_value(holdfast_api::openapi_document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(text.contains(&format!("<code>{path}</code>")), "{path}");
        for operation in item.as_object().unwrap().values() {
            assert!(text.contains(&format!("id=\"{}\"", operation["operationId"].as_str().unwrap())));
        }
    }
    assert!(!text.contains("<script") && !text.contains("src="));
}

#[test]
fn every_operation_is_described() {
    let document = serde_json::to_value(holdfast_api::openapi_document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            ids.push(operation["operationId"].as_str().unwrap_or_else(|| panic!("{at}")).to_owned());
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{at}");
            let responses = operation["responses"].as_object().unwrap();
            let protected = ["/filesystems", "/volumes", "/volumecontent", "/teams", "/keys"]
                .iter()
                .any(|start| path.starts_with(start));
            assert_eq!(operation.get("security").is_some(), protected, "{at}");
            assert_eq!(responses.contains_key("401"), protected, "{at}");
            for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
                let schema = &response["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/ErrorBody", "{at} {status}");
            }
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = serde_json::to_value(holdfast_api::openapi_document()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
