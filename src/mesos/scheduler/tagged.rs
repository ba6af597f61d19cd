/// Mesos' unions: a message with `"type": "ACCEPT"` and, beside it, a field `"accept"`.
///
/// Makes the enum `$name` (variants with a message, optional messages, and without any), the struct
/// `$wire` in the form of the JSON, and the conversions between the two.
macro_rules! tagged {
    (
        $(#[$doc:meta])*
        $name:ident via $wire:ident ($what:literal);
        messages { $($(#[$mdoc:meta])* $message:ident($mtype:ty) = $mtag:literal in $mfield:ident,)* }
        optional { $($(#[$odoc:meta])* $optional:ident($otype:ty) = $otag:literal in $ofield:ident,)* }
        plain { $($(#[$pdoc:meta])* $plain:ident = $ptag:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $($(#[$mdoc])* $message($mtype),)*
            $($(#[$odoc])* $optional($otype),)*
            $($(#[$pdoc])* $plain,)*
        }

        #[derive(Default, serde::Serialize, serde::Deserialize)]
        pub(super) struct $wire {
            #[serde(rename = "type")]
            kind: String,
            $(#[serde(default, skip_serializing_if = "Option::is_none")] $mfield: Option<$mtype>,)*
            $(#[serde(default, skip_serializing_if = "Option::is_none")] $ofield: Option<$otype>,)*
        }

        impl $name {
            /// Every `type` that is known.
            pub const KINDS: &'static [&'static str] = &[$($mtag,)* $($otag,)* $($ptag,)*];

            /// The `type` in the message.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$message(_) => $mtag,)*
                    $(Self::$optional(_) => $otag,)*
                    $(Self::$plain => $ptag,)*
                }
            }
        }

        impl From<$name> for $wire {
            fn from(value: $name) -> Self {
                let mut wire = $wire { kind: value.kind().to_owned(), ..$wire::default() };
                match value {
                    $($name::$message(body) => wire.$mfield = Some(body),)*
                    $($name::$optional(body) => wire.$ofield = Some(body),)*
                    $($name::$plain => {})*
                }
                wire
            }
        }

        impl TryFrom<$wire> for $name {
            type Error = String;

            fn try_from(wire: $wire) -> Result<Self, String> {
                match wire.kind.as_str() {
                    $($mtag => wire.$mfield.map(Self::$message).ok_or_else(|| {
                        format!("Expecting '{}' to be present", stringify!($mfield))
                    }),)*
                    $($otag => Ok(Self::$optional(wire.$ofield.unwrap_or_default())),)*
                    $($ptag => Ok(Self::$plain),)*
                    other => Err(format!("Unknown {} type '{other}'", $what)),
                }
            }
        }
    };
}

pub(super) use tagged;
