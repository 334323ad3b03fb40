//! ApiVersions: what is spoken here. The first request of nearly every client.

use std::borrow::Cow;

use kafka_wire::api_versions_response::{FinalizedFeatureKey, SupportedFeatureKey};
use kafka_wire::{ApiVersionsRequest, ApiVersionsResponse, ErrorCode};

use super::{Call, Close, Encoded, RequestContext, versions};
use crate::metadata::Image;

/// Features are told from here on, and here on also those whose lowest level is 0.
const FEATURES_FROM: i16 = 3;
const FEATURES_FROM_ZERO: i16 = 4;
/// Names and levels of the features that exist here; metadata up to Kafka 4.4's.
const FEATURES: [(&str, i16, i16); 2] = [("kraft.version", 0, 1), ("metadata.version", 7, 31)];

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
    let mut response = ApiVersionsResponse {
        api_keys: versions::table(),
        ..Default::default()
    };
    if context.version >= FEATURES_FROM {
        add_features(
            &context.broker.metadata().image(),
            context.version,
            &mut response,
        );
    }
    Ok(response)
}

/// Tells the features that the metadata has finalized and this server has. What is not told is off: clients take
/// transactions of version 2 and the newer groups for available as soon as their features are finalized.
fn add_features(image: &Image, version: i16, response: &mut ApiVersionsResponse<'static>) {
    for (name, min, max) in FEATURES {
        // Before version 4 a client refuses to read a feature that begins at 0 (KAFKA-17011).
        if min > 0 || version >= FEATURES_FROM_ZERO {
            response.supported_features.push(SupportedFeatureKey {
                name: Cow::Borrowed(name),
                min_version: min,
                max_version: max,
            });
        }
        if let Some(level) = image
            .features()
            .get(name)
            .copied()
            .filter(|level| *level > 0)
        {
            response.finalized_features.push(FinalizedFeatureKey {
                name: Cow::Borrowed(name),
                max_version_level: level,
                min_version_level: level,
            });
        }
    }
    response.finalized_features_epoch = image.end_offset().saturating_sub(1).max(0);
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
