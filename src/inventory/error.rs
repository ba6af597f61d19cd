use crate::Origin;
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// All the mistakes in an inventory; never empty.
#[derive(Debug, Error)]
pub struct InventoryErrors(pub Vec<InventoryError>);

impl fmt::Display for InventoryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl From<InventoryError> for InventoryErrors {
    fn from(error: InventoryError) -> Self {
        Self(vec![error])
    }
}

impl IntoIterator for InventoryErrors {
    type Item = InventoryError;
    type IntoIter = std::vec::IntoIter<InventoryError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// One mistake, and where it was made.
#[derive(Debug, Error)]
#[error("{origin}: {mistake}")]
pub struct InventoryError {
    pub origin: Origin,
    pub mistake: Mistake,
}

/// Kinds of inventories that Ansible reads and this version does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    Yaml,
    Toml,
    Directory,
    Script,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "a YAML inventory",
            Self::Toml => "a TOML inventory",
            Self::Directory => "a folder of inventories",
            Self::Script => "an inventory script",
        })
    }
}

/// What can be wrong with an inventory, its variables, or a pattern over it.
#[derive(Debug, Error)]
pub enum Mistake {
    #[error(
        "there is no such file; name an inventory file with -i, or hosts with a comma: \
         -i 'host,'"
    )]
    Missing,
    #[error("cannot be read: {0}")]
    Read(std::io::Error),
    #[error("is not UTF-8; save it as UTF-8")]
    NotUtf8,
    #[error(
        "{0} is not read yet: INI files and lists of hosts ('h1,h2,') are; write it as INI \
         (`ansible-inventory --list` shows what it holds)"
    )]
    Unsupported(SourceKind),
    #[error("this line begins a YAML file, but the inventory is read as INI")]
    YamlMarker,
    #[error(
        "'{text}' is not a section: write [group], [group:children] or [group:vars], without \
         spaces; only a # comment may follow"
    )]
    Section { text: String },
    #[error(
        "'{kind}' is no kind of section; write [{group}], [{group}:children] or [{group}:vars]"
    )]
    SectionKind { group: String, kind: String },
    #[error("the line's quotes do not close; write a \\ before a quote that is meant as it stands")]
    OpenQuote,
    #[error(
        "the line ends in a \\ that escapes nothing; write \\\\ for one that is meant as it stands"
    )]
    OpenEscape,
    #[error(
        "'{word}' is not a variable: after the host's name comes key=value, without spaces around \
         the =; a second host goes on a line of its own"
    )]
    NoAssignment { word: String },
    #[error("'{line}' is not a variable: in a :vars section write key=value")]
    NoVariable { line: String },
    #[error("a variable needs a name before the =")]
    NoName,
    #[error("'{name}' is not a host's name; {cure}")]
    HostName { name: String, cure: &'static str },
    #[error("the port {port} is not between 1 and 65535")]
    Port { port: String },
    #[error("the range in '{pattern}' is wrong: {cause}")]
    Range { pattern: String, cause: RangeMistake },
    #[error("'{line}' is not a group's name: in a :children section write one name per line")]
    ChildName { line: String },
    #[error("[{parent}:children] names the group '{child}', which is nowhere declared; {}",
        suggest(nearest.as_deref(), "declare it with [group]"))]
    UnknownChild { parent: String, child: String, nearest: Option<String> },
    #[error("[{group}:vars] is for a group that is nowhere declared; {}",
        suggest(nearest.as_deref(), "declare it with [group]"))]
    UnknownGroup { group: String, nearest: Option<String> },
    #[error("the groups contain each other: {}; take one of these :children lines out", path.join(" > "))]
    Cycle { path: Vec<String> },
    #[error("ansible_group_priority must be a whole number, not {found}")]
    Priority { found: String },
    #[error(
        "the host '{host}' has the address {second} here and {first} at {first_origin}; give the \
         two machines different names, or take one address out"
    )]
    TwoAddresses { host: String, first: String, first_origin: Origin, second: String },
    #[error("is not YAML: {cause}")]
    Yaml { cause: String },
    #[error("must hold variables as 'key: value', not {found}")]
    NotVariables { found: &'static str },
    #[error("there is no such file of patterns; check the path after the @")]
    NoLimitFile,
    #[error("there is no such file of variables; check the path after the @")]
    NoVarFile,
    #[error(
        "is encrypted with Ansible Vault, which is not supported yet; put a decrypted file in its place"
    )]
    Vault,
    #[error("folders are nested more than {limit} deep; is there a link that leads back?")]
    Nesting { limit: usize },
    #[error("'{text}' is not key=value; write -e key=value, -e '{{\"key\": 1}}' or -e @file")]
    ExtraVar { text: String },
    #[error("'{path}' looks like a file; write -e @{path}", path = path.display())]
    ExtraFile { path: PathBuf },
    #[error("the variable '{name}' must be {wanted}, not {found}")]
    BadVariable { name: String, wanted: &'static str, found: String },
    #[error("the variable '{name}' holds a template that cannot be worked out: {cause}")]
    Template { name: String, cause: String },
    #[error("there is no host '{host}' in the inventory; {}",
        suggest(nearest.as_deref(), "mesoform inventory --graph shows them all"))]
    UnknownHost { host: String, nearest: Option<String> },
    #[error(
        "the pattern '{pattern}' matches no host: in a pattern, [1:2] picks from what stands before it, \
         by place from 0; write {}",
        shortened(hosts)
    )]
    RangeAsPattern { pattern: String, hosts: Vec<String> },
    #[error("the pattern '{pattern}' matches no host; {}",
        suggest(nearest.as_deref(), "mesoform inventory --graph shows the hosts and groups"))]
    NoMatch { pattern: String, nearest: Option<String> },
    #[error("the pattern '{pattern}' selects no host at all")]
    NothingSelected { pattern: String },
    #[error("the pattern '{pattern}' cannot be used: {cause}")]
    Pattern { pattern: String, cause: String },
}

impl Mistake {
    /// Whether the rest of the inventory can still be judged: none of its hosts got lost.
    pub(crate) fn leaves_hosts_known(&self) -> bool {
        matches!(
            self,
            Self::UnknownChild { .. }
                | Self::UnknownGroup { .. }
                | Self::TwoAddresses { .. }
                | Self::NoVariable { .. }
                | Self::Priority { .. }
        )
    }
}

/// What can be wrong with a range such as `[01:12]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RangeMistake {
    #[error("write [begin:end] or [begin:end:step]")]
    Shape,
    #[error("it has no end; write [begin:end]")]
    NoEnd,
    #[error("with leading zeros, begin and end must have the same length: [01:12]")]
    Width,
    #[error("begin and end must both be numbers or both be one letter")]
    Bounds,
    #[error("the first letter must not come after the last (a-z come before A-Z)")]
    Backwards,
    #[error("the step must be a number from 1")]
    Step,
    #[error("it makes more than {0} hosts")]
    TooMany(usize),
}

/// A list of hosts as `--limit` takes it, as far as it fits into a line.
fn shortened(hosts: &[String]) -> String {
    let shown = hosts.iter().take(8).cloned().collect::<Vec<_>>().join(",");
    if hosts.len() > 8 { format!("{shown},… (or @FILE with one a line)") } else { shown }
}

fn suggest(nearest: Option<&str>, otherwise: &str) -> String {
    match nearest {
        Some(name) => format!("did you mean '{name}'?"),
        None => otherwise.to_owned(),
    }
}
