using System.Collections.Frozen;

namespace ConvTransfer.Onnx;

/// <summary>The versions of the format and of the standard's domains that exist, by the version table of ONNX 1.23 (docs/Versioning.md).</summary>
internal static class KnownVersions
{
    /// <summary>The newest version of the file format.</summary>
    public const long NewestIr = 13;

    /// <summary>The oldest version of the file format that is read.</summary>
    public const long OldestIr = 3;

    private static readonly FrozenDictionary<string, long> Newest = new Dictionary<string, long>
    {
        [""] = 28,
        ["ai.onnx.ml"] = 5,
        ["ai.onnx.training"] = 1,
        ["ai.onnx.preview.training"] = 1,
        ["ai.onnx.preview"] = 1,
    }.ToFrozenDictionary();

    // From which opset of ai.onnx on a file needs at least which format.
    private static readonly (long Opset, long Ir)[] LeastIr = [(1, 3), (9, 4), (10, 5), (11, 6), (12, 7), (15, 8), (19, 9), (21, 10), (23, 11), (24, 12), (25, 13)];

    /// <summary>The newest version of a domain, or null for a domain that the standard does not define.</summary>
    public static long? NewestOf(string domain) => Newest.TryGetValue(domain, out long version) ? version : null;

    /// <summary>The least version of the format that a file with this opset of ai.onnx needs.</summary>
    public static long LeastIrFor(long opset)
    {
        long ir = OldestIr;
        foreach (var (from, least) in LeastIr)
            if (from <= opset) ir = least;
        return ir;
    }
}
