using ConvTransfer.Graphs;
using ConvTransfer.Onnx.Protobuf;
using Google.Protobuf.Collections;

namespace ConvTransfer.Onnx;

/// <summary>The small pieces of which the writer's patches are made.</summary>
internal static class Patch
{
    /// <summary>Sets a text that changed; one that became null or empty is taken out. A text that is as it was stays present or absent as the file had it.</summary>
    public static void Text(string? now, string? was, Action<string> set, Action clear)
    {
        if (now == was) return;
        if (string.IsNullOrEmpty(now)) clear();
        else set(now);
    }

    /// <summary>Fills a field anew.</summary>
    public static void Replace<T>(RepeatedField<T> field, IEnumerable<T> items)
    {
        T[] all = [.. items];
        field.Clear();
        field.AddRange(all);
    }

    /// <summary>The message of a key and value.</summary>
    public static StringStringEntryProto Entry(KeyValuePair<string, string> pair) => new() { Key = pair.Key, Value = pair.Value };

    /// <summary>The message of a tensor type.</summary>
    public static TypeProto Type(TensorType type)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type.ElementType };
        if (type.Dims is { } dims)
        {
            tensor.Shape = new TensorShapeProto();
            foreach (var dim in dims)
            {
                var to = new TensorShapeProto.Types.Dimension();
                if (dim.IsKnown) to.DimValue = dim.Value;
                else if (dim.Symbol is { } symbol) to.DimParam = symbol;
                tensor.Shape.Dim.Add(to);
            }
        }
        return new TypeProto { TensorType = tensor };
    }
}
