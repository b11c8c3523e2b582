//! Answers made smaller for clients that take gzip (RFC 1952), where that is worth it.

use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A shorter body hardly gets smaller, in bytes.
const SHORTEST: usize = 1_024;

/// Answers, smaller where the client takes it. Tags stay: they are weak, and say that the content
/// is the same and not the bytes.
pub(crate) async fn smaller(request: Request, next: Next) -> Response {
    let takes = takes_gzip(request.headers());
    let response = next.run(request).await;
    if !takes {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Our answers are whole already; none comes from elsewhere and could break.
    let Ok(whole) = axum::body::to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if whole.len() < SHORTEST {
        return Response::from_parts(parts, Body::from(whole));
    }
    let plain = whole.clone();
    match tokio::task::spawn_blocking(move || gzip(&plain)).await {
        Ok(Ok(zipped)) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            let encoding = HeaderValue::from_static("gzip");
            parts.headers.insert(header::CONTENT_ENCODING, encoding);
            Response::from_parts(parts, Body::from(zipped))
        }
        // As it is, it is an answer too.
        _ => Response::from_parts(parts, Body::from(whole)),
    }
}

fn gzip(plain: &Bytes) -> std::io::Result<Vec<u8>> {
    // Somebody waits for it.
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Whether `Accept-Encoding` has gzip in it (RFC 9110, section 12.5.3). Who says nothing gets what
/// is plain.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let mut others = false;
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let takes = weight.is_none_or(|text| text.parse::<f32>().is_ok_and(|weight| 0.0 < weight));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return takes;
        }
        if name == "*" {
            others = takes;
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        let takes = |text: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(
                header::ACCEPT_ENCODING,
                HeaderValue::from_static(text),
            )]))
        };
        for text in ["gzip", "deflate, GZIP;q=0.5", "br;q=1, *", "x-gzip", "*;q=0, gzip"] {
            assert!(takes(text), "{text}");
        }
        for text in ["", "identity", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "br", "gzip;q=x"] {
            assert!(!takes(text), "{text}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
