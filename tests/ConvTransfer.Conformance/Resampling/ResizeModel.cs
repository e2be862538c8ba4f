using System.Text;

namespace ConvTransfer.Conformance.Resampling;

/// <summary>The bytes of an ONNX model with one Resize node, X to Y, written field by field so that the yardstick does not depend on our own writer.</summary>
internal sealed class ResizeModel
{
    private readonly List<byte[]> _attributes = [];

    public required int ElementType { get; init; }
    public required long[] InputDims { get; init; }
    public long[]? Sizes { get; init; }
    public float[]? Scales { get; init; }
    public float[]? Roi { get; init; }
    public int Opset { get; init; } = 18;

    public ResizeModel With(string name, string value)
    {
        _attributes.Add([.. Text(1, name), .. Text(4, value), .. Number(20, 3)]);
        return this;
    }

    public ResizeModel With(string name, long value)
    {
        _attributes.Add([.. Text(1, name), .. Number(3, value), .. Number(20, 2)]);
        return this;
    }

    public ResizeModel With(string name, float value)
    {
        _attributes.Add([.. Text(1, name), .. Varint((2 << 3) | 5), .. BitConverter.GetBytes(value), .. Number(20, 1)]);
        return this;
    }

    public byte[] ToBytes()
    {
        var inputs = Roi is not null ? "roi" : "";
        string[] names = Sizes is null ? ["X", inputs, "scales"] : ["X", inputs, "", "sizes"];
        List<byte> node = [.. names.SelectMany(n => Text(1, n)), .. Text(2, "Y"), .. Text(3, "resize"), .. Text(4, "Resize"), .. _attributes.SelectMany(a => Bytes(5, a))];
        List<byte> graph = [.. Bytes(1, [.. node]), .. Text(2, "g")];
        if (Sizes is not null) graph.AddRange(Bytes(5, [.. Number(1, Sizes.Length), .. Number(2, 7), .. Text(8, "sizes"), .. Bytes(9, Sizes.SelectMany(BitConverter.GetBytes).ToArray())]));
        if (Scales is not null) graph.AddRange(Floats("scales", Scales));
        if (Roi is not null) graph.AddRange(Floats("roi", Roi));
        graph.AddRange(Bytes(11, [.. Text(1, "X"), .. Bytes(2, Bytes(1, [.. Number(1, ElementType), .. Bytes(2, InputDims.SelectMany(d => Bytes(1, Number(1, d))).ToArray())]))]));
        graph.AddRange(Bytes(12, [.. Text(1, "Y"), .. Bytes(2, Bytes(1, Number(1, ElementType)))]));
        return [.. Number(1, 8), .. Bytes(7, [.. graph]), .. Bytes(8, Number(2, Opset))];
    }

    private static byte[] Floats(string name, float[] values) =>
        Bytes(5, [.. Number(1, values.Length), .. Number(2, 1), .. Text(8, name), .. Bytes(9, values.SelectMany(BitConverter.GetBytes).ToArray())]);

    private static byte[] Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    private static byte[] Bytes(int field, byte[] value) => [.. Varint(((ulong)field << 3) | 2), .. Varint((ulong)value.Length), .. value];

    private static byte[] Number(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
