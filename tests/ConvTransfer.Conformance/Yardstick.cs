using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace ConvTransfer.Conformance;

/// <summary>A model in ONNX Runtime, on one thread.</summary>
internal sealed class Yardstick : IDisposable
{
    private readonly InferenceSession _session;

    /// <summary>Loads a model file's bytes.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="isOptimised">False to run the nodes as they stand in the file.</param>
    public Yardstick(byte[] bytes, bool isOptimised = true)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            GraphOptimizationLevel = isOptimised ? GraphOptimizationLevel.ORT_ENABLE_ALL : GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(bytes, options);
    }

    /// <summary>Loads a model as we write it.</summary>
    public Yardstick(Model model, bool isOptimised = true) : this(OnnxFile.ToBytes(model), isOptimised)
    {
    }

    /// <summary>Runs the model; the caller disposes the outputs, which stand in the model's order.</summary>
    public Tensor[] Run(params (string Name, Tensor Value)[] inputs)
    {
        var values = inputs.Select(i => ToOrt(i.Value)).ToArray();
        try
        {
            using var run = new RunOptions();
            using var outputs = _session.Run(run, [.. inputs.Select(i => i.Name)], values, _session.OutputNames);
            return [.. outputs.Select(FromOrt)];
        }
        finally
        {
            foreach (var value in values) value.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();

    private static OrtValue ToOrt(Tensor tensor)
    {
        long[] dims = tensor.Shape.Dims.ToArray();
        if (tensor.ElementType == ElementType.String)
        {
            var strings = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, dims);
            for (int i = 0; i < tensor.ElementCount; i++) strings.StringTensorSetElementAt(tensor.AsStrings()[i], i);
            return strings;
        }
        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (Microsoft.ML.OnnxRuntime.Tensors.TensorElementType)tensor.ElementType, dims);
        tensor.AsBytes().CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    private static Tensor FromOrt(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        var shape = new Shape(info.Shape);
        if (info.IsString) return Tensor.FromStrings(shape, value.GetStringTensorAsArray());
        var tensor = Tensor.Uninitialized((ElementType)info.ElementDataType, shape);
        value.GetTensorMutableRawData().CopyTo(tensor.AsBytes());
        return tensor;
    }
}
