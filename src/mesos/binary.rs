use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// protobuf `bytes`: base64 text in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Binary(pub Vec<u8>);

/// Writes padding, as Mesos does, and reads with or without it.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Binary {
    /// A fresh random UUID's 16 bytes: what status updates are acknowledged by.
    pub fn new_uuid() -> Self {
        Self(uuid::Uuid::new_v4().as_bytes().to_vec())
    }

    /// The base64 text.
    pub fn to_base64(&self) -> String {
        ENGINE.encode(&self.0)
    }
}

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        ENGINE.decode(text.as_bytes()).map(Self).map_err(de::Error::custom)
    }
}
