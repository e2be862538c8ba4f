using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Tests.Training;

/// <summary>Ways in which files hold a weight, other than as an initializer that the layer reads.</summary>
internal static class StoredForms
{
    public static string[] All { get; } = ["constant", "identity", "transpose", "reshape", "squeeze", "constant, transpose, identity"];

    /// <summary>The model with a weight in another form; what the layer reads keeps its name.</summary>
    public static Model Apply(Model model, string weight, string form)
    {
        var graph = model.Graph;
        var nodes = new List<Node>();
        var initializers = graph.Initializers.ToList();
        var data = initializers.Single(t => t.Name == weight);
        initializers.Remove(data);
        string[] steps = form.Split(", ");
        string at = weight;
        foreach (string step in steps.Reverse())
        {
            string before = step == "constant" ? at : $"{at}.{step}";
            switch (step)
            {
                case "constant":
                    nodes.Insert(0, Constant(at, Stored(data, form)));
                    break;
                case "identity":
                    nodes.Insert(0, new Node("Identity", [before], [at]));
                    break;
                case "transpose":
                    nodes.Insert(0, new Node("Transpose", [before], [at]) { Attributes = [new NodeAttribute("perm", new AttributeValue.Ints([.. Turned(data.Dims.Count)]))] });
                    break;
                case "reshape":
                    initializers.Add(TensorData.From<long>($"{at}.shape", [data.Dims.Count], data.Dims.AsSpan()));
                    nodes.Insert(0, new Node("Reshape", [before, $"{at}.shape"], [at]));
                    break;
                default:
                    initializers.Add(TensorData.From<long>($"{at}.axes", [1], [0]));
                    nodes.Insert(0, new Node("Squeeze", [before, $"{at}.axes"], [at]));
                    break;
            }
            at = before;
        }
        if (steps[0] != "constant") initializers.Add(Stored(data, form) with { Name = at });
        return model with { Graph = graph with { Nodes = [.. nodes, .. graph.Nodes], Initializers = initializers.ToValueList() } };
    }

    /// <summary>The model with all its initializers in a form.</summary>
    public static Model ApplyToAll(Model model, string form) => model.Graph.Initializers.Select(t => t.Name).Aggregate(model, (m, weight) => Apply(m, weight, form));

    /// <summary>The name under which a form holds a weight.</summary>
    public static string NameOf(string weight, string form) => form.Split(", ").Reverse().Aggregate(weight, (at, step) => step == "constant" ? at : $"{at}.{step}");

    /// <summary>A weight's numbers as a form holds them.</summary>
    public static TensorData Stored(TensorData data, string form)
    {
        if (form.Contains("transpose", StringComparison.Ordinal)) return Transposed(data);
        return form switch
        {
            "reshape" => data with { Dims = [data.Shape.ElementCount] },
            "squeeze" => data with { Dims = [1, .. data.Dims] },
            _ => data,
        };
    }

    /// <summary>A node that holds numbers.</summary>
    public static Node Constant(string name, TensorData data) => new("Constant", [], [name]) { Attributes = [new NodeAttribute("value", new AttributeValue.Tensor(data with { Name = "" }))] };

    // Of a matrix or a kernel the first two axes change places.
    private static long[] Turned(int rank) => rank < 2 ? [.. Enumerable.Range(0, rank).Select(i => (long)i)] : [1, 0, .. Enumerable.Range(2, rank - 2).Select(i => (long)i)];

    private static TensorData Transposed(TensorData data)
    {
        if (data.Dims.Count < 2) return data;
        using var tensor = data.ToTensor();
        var from = tensor.AsSpan<float>();
        int rows = (int)data.Dims[0], columns = (int)data.Dims[1], rest = from.Length / rows / columns;
        float[] to = new float[from.Length];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) from.Slice(((r * columns) + c) * rest, rest).CopyTo(to.AsSpan(((c * rows) + r) * rest));
        return TensorData.From<float>(data.Name, [columns, rows, .. data.Dims.Skip(2)], to);
    }
}
