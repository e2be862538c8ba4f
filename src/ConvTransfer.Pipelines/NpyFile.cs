using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Pipelines;

/// <summary>Reads and writes one array as NumPy's .npy file.</summary>
/// <remarks>Source: NumPy Enhancement Proposal 1, versions 1.0 to 3.0. C order, little-endian numbers and truth values only; no pickled objects.</remarks>
public static partial class NpyFile
{
    private const int MaxHeader = 1 << 16, Alignment = 64;
    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    private static readonly (string Descr, ElementType Type)[] Types =
    [
        ("<f4", ElementType.Float32), ("<f8", ElementType.Float64), ("<f2", ElementType.Float16), ("|b1", ElementType.Bool),
        ("|u1", ElementType.UInt8), ("|i1", ElementType.Int8), ("<u2", ElementType.UInt16), ("<i2", ElementType.Int16),
        ("<u4", ElementType.UInt32), ("<i4", ElementType.Int32), ("<u8", ElementType.UInt64), ("<i8", ElementType.Int64),
    ];

    /// <summary>Reads an array. The caller disposes the tensor.</summary>
    /// <exception cref="ConvTransferException">The file cannot be read, is no .npy file, holds a kind of array that is not supported, or is shorter or longer than its header says.</exception>
    public static Tensor Read(string path, Limits? limits = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] file = WholeFile.Read(path, "a .npy file", FailureCause.DataInvalid, (limits ?? Limits.Default).MemoryBytes);
        if (file.Length < 12 || !file.AsSpan().StartsWith(Magic)) throw Invalid(path, file.Length == 0 ? "the file is empty" : "it is not a .npy file");
        int version = file[6], prefix = version == 1 ? 10 : 12;
        if (version is < 1 or > 3) throw Invalid(path, $"version {version} of the .npy format is not known");
        long length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8)) : BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(8));
        if (length > MaxHeader || prefix + length > file.Length) throw Invalid(path, $"the header's length is {length}; the file has {file.Length} bytes, and a header at most {MaxHeader}");
        var (type, shape) = Parse(Encoding.UTF8.GetString(file, prefix, (int)length), path);
        var elements = file.AsSpan(prefix + (int)length);
        long bytes = shape.ElementCount * type.SizeInBytes();
        if (bytes != elements.Length) throw Invalid(path, $"an array of {type.OnnxName()} {shape} takes {bytes} bytes, the file holds {elements.Length}");
        if (type == ElementType.Bool && elements.ContainsAnyExcept<byte>(0, 1)) throw Invalid(path, "a truth value is neither 0 nor 1");
        var tensor = Tensor.Uninitialized(type, shape);
        elements.CopyTo(tensor.AsBytes());
        return tensor;
    }

    /// <summary>Writes a tensor; the target is either the whole new file or as it was.</summary>
    /// <exception cref="ArgumentException">The tensor holds strings.</exception>
    /// <exception cref="ConvTransferException">The file cannot be written.</exception>
    public static void Write(string path, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.ElementType == ElementType.String) throw new ArgumentException("strings have no place in a .npy file", nameof(tensor));
        byte[] header = Header(tensor.ElementType, tensor.Shape);
        DurableFile.Save(path, stream =>
        {
            stream.Write(header);
            stream.Write(tensor.AsBytes());
        });
    }

    private static (ElementType Type, Shape Shape) Parse(string header, string path)
    {
        var descr = DescrEntry().Match(header);
        var order = OrderEntry().Match(header);
        var shape = ShapeEntry().Match(header);
        if (!descr.Success || !order.Success || !shape.Success) throw Invalid(path, "the header lacks 'descr', 'fortran_order' or 'shape' of a plain array");
        string kind = descr.Groups[1].Value;
        var type = Types.FirstOrDefault(t => t.Descr == kind || (t.Descr[0] == '|' && t.Descr[1..] == kind.TrimStart('<', '>', '='))).Type;
        if (type == ElementType.Undefined) throw new ConvTransferException(FailureCause.Unsupported, $"an array of type '{DisplayText.Escape(kind)}' is not supported; little-endian numbers and truth values are", path);
        string[] parts = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length > Limits.Default.Rank) throw Invalid(path, $"an array of {parts.Length} axes; at most {Limits.Default.Rank} are supported");
        long[] dims = new long[parts.Length];
        for (int i = 0; i < dims.Length; i++)
            if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out dims[i])) throw Invalid(path, $"'{DisplayText.Escape(parts[i])}' is no length of an axis");
        if (order.Groups[1].Value == "True" && dims.Length > 1) throw new ConvTransferException(FailureCause.Unsupported, "the array is in Fortran order; save it in C order (numpy.ascontiguousarray)", path);
        try
        {
            var result = new Shape(dims);
            _ = checked(result.ElementCount * 8);
            return (type, result);
        }
        catch (OverflowException)
        {
            throw Invalid(path, $"the size of an array of shape ({string.Join(", ", parts)}) does not fit 63 bits");
        }
    }

    private static byte[] Header(ElementType type, Shape shape)
    {
        string descr = Types.First(t => t.Type == type).Descr;
        string dims = string.Concat(shape.Dims.ToArray().Select((d, i) => string.Create(CultureInfo.InvariantCulture, $"{(i > 0 ? " " : "")}{d},")));
        if (shape.Rank > 1) dims = dims[..^1];
        string text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}";
        int length = (10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] header = new byte[length];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header, 0);
        (header[6], header[7]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)(length - 10));
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        header[^1] = (byte)'\n';
        return header;
    }

    private static ConvTransferException Invalid(string path, string message) => new(FailureCause.DataInvalid, message, path);

    [GeneratedRegex(@"'descr'\s*:\s*'([^']{1,32})'")]
    private static partial Regex DescrEntry();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(True|False)")]
    private static partial Regex OrderEntry();

    [GeneratedRegex(@"'shape'\s*:\s*\(([0-9,\s]*)\)")]
    private static partial Regex ShapeEntry();
}
