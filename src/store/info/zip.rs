//! In: an open zip file. Out: what there is to tell about its members.
//! Never: a large member inflated beyond its beginning.

use super::{Info, Kind, computes, told};
use crate::error::Result;
use crate::limits::MAX_INFO_MEMBERS;
use crate::store::dtype::{FileDType, Items};
use crate::store::npy::NpyHeader;
use crate::store::open::Opened;
use crate::store::read_limits::ReadLimits;
use crate::store::seal::Verify;
use crate::store::stored;
use crate::store::zip::{Member, Method, ZipFile};
use crate::types::{DType, Shape};

/// Bytes up to which a deflated member is inflated as a whole to look into it; longer ones only
/// at their beginning, which tells about `.npy` files.
const WHOLE_BYTES: u64 = 1 << 20;

/// A member of a zip file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberInfo {
    /// Its name.
    pub name: String,
    /// How it is stored: `stored`, `deflated`, or what this version does not read.
    pub method: String,
    /// Bytes of the content.
    pub nbytes: u64,
    /// Bytes as stored.
    pub cbytes: u64,
    /// The dtype string as the member has it.
    pub dtype: Option<String>,
    /// The shape.
    pub shape: Option<Shape>,
    /// The dtype that expressions compute with; else why they cannot.
    pub computes: Result<DType, String>,
}

pub(super) fn info(zip: &ZipFile) -> Info {
    let listed = zip.members().iter().take(MAX_INFO_MEMBERS);
    let members: Vec<MemberInfo> = listed.map(|member| look(zip, member)).collect();
    let mut oddities = Vec::new();
    if members.len() < zip.members().len() {
        oddities.push(format!(
            "only the first {} of {} members are listed",
            members.len(),
            zip.members().len()
        ));
    }
    let sum = |size: fn(&Member) -> u64| {
        let sizes = zip.members().iter().map(size);
        sizes.fold(0u64, u64::saturating_add)
    };
    let mut info = Info {
        computes: Err("an operand is one of the members: x=PATH:NAME".to_string()),
        nbytes: sum(|member| member.nbytes),
        cbytes: sum(|member| member.cbytes),
        oddities,
        ..Info::blank(Kind::Zip, zip.source().len_bytes())
    };
    if let [only] = &members[..] {
        info.dtype.clone_from(&only.dtype);
        info.shape.clone_from(&only.shape);
        info.computes.clone_from(&only.computes);
    }
    info.members = members;
    info
}

fn look(zip: &ZipFile, member: &Member) -> MemberInfo {
    let (dtype, shape, computes) = array(zip, member)
        .unwrap_or_else(|error| (FileDType::missing(), None, Err(error.message().to_string())));
    MemberInfo {
        name: member.name.clone(),
        method: member.method.to_string(),
        nbytes: member.nbytes,
        cbytes: member.cbytes,
        dtype: (!dtype.is_missing()).then(|| dtype.text().to_string()),
        shape,
        computes,
    }
}

type Found = (FileDType, Option<Shape>, Result<DType, String>);

/// What a member says about its array.
fn array(zip: &ZipFile, member: &Member) -> Result<Found> {
    if member.method == Method::Deflated && member.nbytes > WHOLE_BYTES {
        let header = zip.npy_header(member)?;
        let itemsize = header.dtype.itemsize().unwrap_or(0);
        let computes = computes(&header.dtype, itemsize);
        return Ok((header.dtype, Some(header.shape), computes));
    }
    Ok(
        match zip.open_member(member, &ReadLimits::default(), Verify::Always)? {
            Opened::Npy(source) => {
                let header = NpyHeader::read(&source)?;
                let resolved = header.resolve(&source, Items::Declared);
                let computes = told(resolved.map(|(format, _)| format.dtype));
                (header.dtype, Some(header.shape), computes)
            }
            Opened::Frame(frame) if frame.has_shape() => {
                let (meta, geometry) = stored::describe(&frame)?;
                let computes = computes(&meta.dtype, geometry.itemsize);
                (meta.dtype, Some(meta.shape), computes)
            }
            Opened::Frame(frame) => {
                let missing = FileDType::missing();
                let computes = computes(&missing, frame.header().itemsize);
                (missing, None, computes)
            }
            Opened::Bloscpack(file) => {
                let computes = computes(&file.dtype(), file.itemsize()?.unwrap_or(1));
                let shape = file.numpy().map(|numpy| numpy.shape.clone());
                (file.dtype(), shape, computes)
            }
            Opened::Zip(_)
            | Opened::Rootdir(_)
            | Opened::Table(_)
            | Opened::Dataset(_)
            | Opened::Program(..) => {
                let why = "it holds several files itself".to_string();
                (FileDType::missing(), None, Err(why))
            }
        },
    )
}
