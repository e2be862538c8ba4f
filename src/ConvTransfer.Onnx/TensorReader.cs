using System.Buffers.Binary;
using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx.Protobuf;

namespace ConvTransfer.Onnx;

/// <summary>Reads TensorProto: whatever field the elements stand in, they come out as packed little-endian bytes.</summary>
internal sealed class TensorReader(ProblemList problems, Limits limits, ExternalFolder? external)
{
    /// <summary>The content of a tensor. What is wrong with it is added to the problems.</summary>
    /// <param name="proto">The message.</param>
    /// <param name="what">What the tensor is, for messages: "initializer 'w'".</param>
    public TensorData Read(TensorProto proto, string what)
    {
        var origin = new Origin<TensorProto, TensorData>(proto);
        var type = (ElementType)proto.DataType;
        var data = new TensorData(proto.Name, type, proto.Dims.ToValueList(), default) { DocString = proto.HasDocString ? proto.DocString : null, Origin = origin };
        return origin.Remember(Filled(data, proto, what));
    }

    private TensorData Filled(TensorData data, TensorProto proto, string what)
    {
        TensorData Error(string message, FailureCause cause = FailureCause.ModelInvalid)
        {
            problems.Error(cause, $"{what}: {message}");
            return data;
        }

        if (!Enum.IsDefined(data.ElementType) || data.ElementType == ElementType.Undefined) return Error($"data_type {proto.DataType} is not an element type of ONNX");
        if (proto.Segment is not null) return Error("it is stored in segments, which no version of the standard uses", FailureCause.Unsupported);
        if (proto.Dims.Count > limits.Rank) return Error($"it has {proto.Dims.Count} axes, at most {limits.Rank} are supported", FailureCause.Limit);
        if (Count(proto) is not long count) return Error($"dims [{string.Join(", ", proto.Dims)}] are negative or their product does not fit 63 bits");

        if (data.ElementType == ElementType.String)
        {
            if (proto.HasRawData || proto.DataLocation == TensorProto.Types.DataLocation.External) return Error("strings stand in string_data, not in raw_data or an external file");
            if (proto.StringData.Count != count) return Error($"it holds {proto.StringData.Count} strings, dims [{string.Join(", ", proto.Dims)}] ask for {count}");
            return data with { Strings = proto.StringData.Select(s => s.Memory).ToValueList() };
        }
        long? expected = Bytes(count, data.ElementType.StoredBits());
        if (expected is null) return Error($"dims [{string.Join(", ", proto.Dims)}] ask for more bytes than 63 bits can count");
        if (expected > limits.MemoryBytes) return Error($"it asks for {expected} bytes, beyond the memory limit of {limits.MemoryBytes} bytes", FailureCause.Limit);

        string[] fields = [.. DataFields(proto)];
        if (fields.Length > 1) return Error($"its elements stand in {string.Join(" and ", fields)}; expected one field");
        if (proto.DataLocation == TensorProto.Types.DataLocation.External)
        {
            if (external is null) return Error("its elements stand in an external file, but the model has no folder", FailureCause.ExternalData);
            return external.Read(proto, what, expected.Value, problems) is { } bytes ? data with { Bytes = bytes } : data;
        }
        if (proto.HasRawData)
        {
            if (proto.RawData.Length != expected) return Error($"raw_data holds {proto.RawData.Length} bytes, dims [{string.Join(", ", proto.Dims)}] of {data.ElementType.OnnxName()} ask for {expected}");
            return data with { Bytes = proto.RawData.Memory };
        }
        if (Typed(proto, data.ElementType) is not { } typed) return Error($"elements of type {data.ElementType.OnnxName()} cannot stand in {fields.FirstOrDefault() ?? "typed fields"}");
        if (typed.Length != expected) return Error($"{fields.FirstOrDefault() ?? "it"} holds {typed.Length} bytes of elements, dims [{string.Join(", ", proto.Dims)}] of {data.ElementType.OnnxName()} ask for {expected}");
        return data with { Bytes = typed };
    }

    private static long? Count(TensorProto proto)
    {
        Int128 count = 1;
        foreach (long dim in proto.Dims)
        {
            if (dim < 0) return null;
            count *= dim;
            if (count > long.MaxValue) return null;
        }
        return (long)count;
    }

    private static long? Bytes(long count, int bits)
    {
        var bytes = ((Int128)count * bits + 7) / 8;
        return bytes > long.MaxValue ? null : (long)bytes;
    }

    private static IEnumerable<string> DataFields(TensorProto proto)
    {
        if (proto.HasRawData && proto.RawData.Length > 0) yield return "raw_data";
        if (proto.FloatData.Count > 0) yield return "float_data";
        if (proto.Int32Data.Count > 0) yield return "int32_data";
        if (proto.Int64Data.Count > 0) yield return "int64_data";
        if (proto.DoubleData.Count > 0) yield return "double_data";
        if (proto.Uint64Data.Count > 0) yield return "uint64_data";
        if (proto.StringData.Count > 0) yield return "string_data";
        if (proto.DataLocation == TensorProto.Types.DataLocation.External) yield return "external_data";
    }

    // Null when the elements stand in a field that is not the type's.
    private static byte[]? Typed(TensorProto proto, ElementType type)
    {
        int total = proto.FloatData.Count + proto.Int32Data.Count + proto.Int64Data.Count + proto.DoubleData.Count + proto.Uint64Data.Count + proto.StringData.Count;
        switch (type)
        {
            case ElementType.Float32 or ElementType.Complex64:
                return proto.FloatData.Count != total ? null : Pack(proto.FloatData, 4, BinaryPrimitives.WriteSingleLittleEndian);
            case ElementType.Float64 or ElementType.Complex128:
                return proto.DoubleData.Count != total ? null : Pack(proto.DoubleData, 8, BinaryPrimitives.WriteDoubleLittleEndian);
            case ElementType.Int64:
                return proto.Int64Data.Count != total ? null : Pack(proto.Int64Data, 8, BinaryPrimitives.WriteInt64LittleEndian);
            case ElementType.UInt64:
                return proto.Uint64Data.Count != total ? null : Pack(proto.Uint64Data, 8, BinaryPrimitives.WriteUInt64LittleEndian);
            case ElementType.UInt32:
                return proto.Uint64Data.Count != total ? null : Pack(proto.Uint64Data, 4, (to, v) => BinaryPrimitives.WriteUInt32LittleEndian(to, (uint)v));
        }
        if (proto.Int32Data.Count != total) return null;
        return type.StoredBits() switch
        {
            32 => Pack(proto.Int32Data, 4, BinaryPrimitives.WriteInt32LittleEndian),
            16 => Pack(proto.Int32Data, 2, (to, v) => BinaryPrimitives.WriteInt16LittleEndian(to, (short)v)),
            _ => Pack(proto.Int32Data, 1, (to, v) => to[0] = (byte)v),
        };
    }

    private delegate void Put<T>(Span<byte> to, T value);

    private static byte[] Pack<T>(Google.Protobuf.Collections.RepeatedField<T> values, int size, Put<T> put)
    {
        byte[] bytes = new byte[checked(values.Count * size)];
        for (int i = 0; i < values.Count; i++) put(bytes.AsSpan(i * size, size), values[i]);
        return bytes;
    }
}
