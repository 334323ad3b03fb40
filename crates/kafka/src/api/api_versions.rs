//! ApiVersions: what is spoken here. The first request of nearly every client.

use kafka_wire::{ApiVersionsRequest, ApiVersionsResponse, ErrorCode};

use super::{Call, Close, Encoded, RequestContext, versions};

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: ApiVersionsRequest<'_>,
) -> Result<ApiVersionsResponse<'static>, Close> {
    let named = context.version >= 3;
    let software = [
        &request.client_software_name,
        &request.client_software_version,
    ];
    if named && !software.iter().all(|text| is_software_text(text)) {
        return Ok(ApiVersionsResponse {
            error_code: ErrorCode::InvalidRequest.to_i16(),
            ..Default::default()
        });
    }
    Ok(ApiVersionsResponse {
        api_keys: versions::table(),
        ..Default::default()
    })
}

/// The answer to a version that is not spoken: always in version 0, with the table, so that the client can ask again
/// (KIP-511).
pub(super) fn downgrade(call: &Call) -> Result<Encoded, Close> {
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UnsupportedVersion.to_i16(),
        api_keys: versions::table(),
        ..Default::default()
    };
    call.encode(&response, 0)
}

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`
fn is_software_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.iter()
        .all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_names_are_letters_digits_dots_and_dashes() {
        for (text, valid) in [
            ("apache-kafka-java", true),
            ("4.3.1", true),
            ("a", true),
            ("", false),
            ("-a", false),
            ("a.", false),
            ("a b", false),
            ("ü", false),
        ] {
            assert_eq!(is_software_text(text), valid, "{text:?}");
        }
    }
}
